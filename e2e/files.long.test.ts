import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limits } from '@veche/shared/limits'
import { afterAll, expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { networkTrouble } from './browser/PageLog.ts'
import { newGroup, newOwner } from './installation/accounts.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { Services } from './installation/Services.ts'
import { composer, message, waitForTick } from './screens/chats.ts'
import { button, waitUntilVisible } from './screens/controls.ts'

const services = await Services.start()
const installation = await OwnInstallation.start({ services, nodes: 0 })
const anna = await newOwner(installation, { name: 'Anna Lindqvist' })
const folder = await mkdtemp(join(tmpdir(), 'veche-files-'))
afterAll(async () => {
  await installation.stop()
  await rm(folder, { recursive: true })
})

test('a file of 200 MB arrives whole while the API is killed again and again, and little of it is sent twice', async () => {
  const size = 200_000_000
  const bytes = randomBytes(size)
  const path = join(folder, 'film.bin')
  await writeFile(path, bytes)
  const chatId = await newGroup(anna, 'Kills', [])
  const device = await openDevice(installation, { account: anna })
  device.pageLog.expect(networkTrouble, /status of 50\d/)
  await device.goto(`/chats/${chatId}`)
  await waitUntilVisible(composer(device.page))
  const offsets: number[] = []
  device.page.on('request', (request) => {
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']))
  })
  const chooser = device.page.waitForEvent('filechooser')
  await button(device.page, 'Attach').click()
  await (await chooser).setFiles(path)
  await button(device.page, 'Send').click()
  let kills = 0
  for (const pieces of [2, 6, 11, 15, 20]) {
    await expect.poll(() => Math.max(-1, ...offsets)).toBeGreaterThan(pieces * limits.file.chunkBytes - 1)
    await installation.kill()
    kills += 1
    await installation.start()
  }
  await waitForTick(device.page, 'film.bin', 'Sent')
  // Each kill costs the piece that was under way, and no more.
  const pieces = Math.ceil(size / limits.file.chunkBytes)
  expect(offsets.length).toBeLessThanOrEqual(pieces + kills)
  const download = device.page.waitForEvent('download')
  await message(device.page, 'film.bin')
    .getByRole('link', { name: /^Download film.bin/ })
    .click()
  const hash = createHash('sha256')
  for await (const chunk of await (await download).createReadStream()) hash.update(chunk as Buffer)
  expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
})
