import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { startTurn } from '../ops/cli/parts/turn.ts'
import { insertAccount, newGroup, newOwner } from './installation/accounts.ts'
import { freePorts } from './installation/free-ports.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { waitForMediaOfAll } from './media/caller.ts'

const host = '127.0.0.1'
const secret = randomUUID()
const [port = 0] = await freePorts(1)
const folder = mkdtempSync(join(tmpdir(), 'veche-turn-'))
// Coturn runs under an account of its own, which has to reach the folder.
chmodSync(folder, 0o711)
const turn = await startTurn({
  dir: join(folder, 'turn'),
  port,
  relayPorts: [48_160, 48_559],
  secret,
  realm: 'veche',
  listen: [host],
  address: host,
  peers: [host],
})
const urls = ['udp', 'tcp'].map((protocol) => `turn:${host}:${port}?transport=${protocol}`)
const installation = await OwnInstallation.start({
  nodes: 1,
  settings: { TURN_SECRET: secret, TURN_URLS: urls.join(',') },
})
const anna = await newOwner(installation, { name: 'Anna Lindqvist' })
const boris = await insertAccount(installation, { name: 'Boris Petrov' })
const clara = await insertAccount(installation, { name: 'Clara Rossi' })
const chatId = await newGroup(anna, 'Behind a wall', [boris, clara])
afterAll(async () => {
  await installation.stop()
  await turn.stop()
  rmSync(folder, { recursive: true, force: true })
})

const browsers = new CallBrowsers(installation)
browsers.configure(boris, { relay: 'udp', shortTimers: true })
browsers.configure(clara, { relay: 'tcp' })

test('a call goes on with new credentials for TURN, which come before the old ones run out', async () => {
  const [hisDevice, herDevice] = await browsers.two(chatId, boris, clara)
  const before = await relayNames(hisDevice.page)
  expect(before).toHaveLength(2)
  const countRenewed = async () => (await relayNames(hisDevice.page)).filter((name) => !before.includes(name)).length
  await expect.poll(countRenewed).toBe(2)
  await waitForMediaOfAll([hisDevice, herDevice], { pictures: 1, voices: 1 })
})

function relayNames(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    globalThis.peerConnections
      .filter(({ connectionState }) => connectionState !== 'closed')
      .flatMap((connection) => connection.getConfiguration().iceServers ?? [])
      .map(({ username }) => username ?? ''),
  )
}
