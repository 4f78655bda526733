import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@veche/shared/ids'
import sharp from 'sharp'
import { beforeAll, expect, test, vi } from 'vitest'
import type { Deps } from '../../deps.ts'
import { tryRow } from '../../platform/work/due-tables.ts'
import { newGroup, newUser, type TestUser } from '../../test/builders.ts'
import { newContent, sendFile, urlOf } from '../../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../../test/harness.ts'
import { startHttp } from '../../test/http/requests.ts'
import { contentIdOf, errorOf, Uploader } from '../../test/http/uploads.ts'
import { SwiftServer } from '../../test/s3/SwiftServer.ts'
import { previewTable } from '../previews/preview-table.ts'
import { deleteUnheldContents } from '../unheld-contents.ts'
import { Spool } from './Spool.ts'

let swift: SwiftServer
let testApi: TestApi
/** Two processes behind a proxy, with no folder in common. */
let other: Deps
let bases: [string, string]
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  swift = await SwiftServer.start()
  testApi = await newTestApi(swift.environment)
  const folder = mkdtempSync(join(tmpdir(), 'veche-test-'))
  other = testApi.anotherProcess({ VECHE_DATA: folder, FILES_SIGNED_URLS: 'on' })
  bases = [await startHttp(testApi.deps), await startHttp(other)]
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})

const as = (who: TestUser, process: 0 | 1 = 0) => new Uploader(bases[process], testApi.deps, who)
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function newPicture(): Promise<Buffer> {
  return sharp({ create: { width: 400, height: 300, channels: 3, background: '#28a' } })
    .png()
    .toBuffer()
}

test('an upload that goes to whichever process answers, and breaks off on the way, arrives whole in the bucket', async () => {
  const bytes = randomBytes(14_000_000)
  const path = await as(anna, 0).begin(bytes.length)
  expect((await as(anna, 0).piece(path, 0, bytes.subarray(0, 6_000_000))).status).toBe(204)
  const append = vi.spyOn(Spool.prototype, 'append')
  const spooled = () => append.mock.calls.reduce((sum, [chunk]) => sum + chunk.length, 0)
  const broken = as(anna, 1).openPiece(path, 6_000_000)
  broken.send(bytes.subarray(6_000_000, 6_500_000))
  await expect.poll(spooled).toBe(500_000)
  broken.breakOff()
  append.mockRestore()
  await expect.poll(() => as(anna, 0).offsetOf(path)).toBe(6_500_000)
  expect((await as(anna, 0).piece(path, 6_500_000, bytes.subarray(6_500_000, 13_000_000))).status).toBe(204)
  expect((await as(anna, 1).piece(path, 13_000_000, bytes.subarray(13_000_000))).status).toBe(204)
  const id = contentIdOf(path)
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const message = await sendFile(testApi.deps, anna, chatId, id)
  const answer = await as(boris, 0).ask('GET', urlOf(message))
  expect(hashOf(new Uint8Array(await answer.arrayBuffer()))).toBe(hashOf(bytes))
  expect(answer.headers.get('etag')).toBe(`"${hashOf(bytes)}"`)
  const part = await as(boris, 0).ask('GET', urlOf(message), { range: 'bytes=5999990-6000009' })
  expect(part.status).toBe(206)
  expect(bytes.subarray(5_999_990, 6_000_010).equals(Buffer.from(await part.arrayBuffer()))).toBe(true)
  await callerFor(testApi.deps, anna).messages.delete({ chatId, seq: message.seq })
  await deleteUnheldContents(other)
  for (const beginning of [id, `tails/${id}`]) expect(await swift.keys(beginning)).toEqual({ objects: [], uploads: [] })
})

test('an empty file goes to the bucket and comes back', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const message = await sendFile(testApi.deps, anna, chatId, contentIdOf(await as(anna).begin(0)))
  const answer = await as(boris).ask('GET', urlOf(message))
  expect([answer.status, await answer.text()]).toEqual([200, ''])
})

test('while S3 is away text goes on, files are refused for a while with a word of their own, and all goes on when it is back', async () => {
  const { deps } = testApi
  const chatId = await newGroup(deps, [anna, boris])
  const picture = await newContent(deps, anna, await newPicture())
  const message = await sendFile(deps, anna, chatId, picture)
  const half = await as(anna).begin(100)
  const bytes = randomBytes(100)
  expect((await as(anna).piece(half, 0, bytes.subarray(0, 50))).status).toBe(204)
  await swift.die()
  for (const answer of [
    await as(anna).piece(half, 50, bytes.subarray(50)),
    await as(boris).ask('GET', urlOf(message)),
  ]) {
    expect(answer.status).toBe(503)
    expect(await answer.json()).toEqual({ code: 'file.unavailable', retryAfterSeconds: 5 })
  }
  for (let round = 0; round < 4; round += 1) {
    await tryRow(deps, previewTable, picture)
    await testApi.passTime(60_000)
  }
  const row = deps.db.selectFrom('previews').select(['state', 'attempts']).where('id', '=', picture)
  expect(await row.executeTakeFirstOrThrow()).toEqual({ state: 'due', attempts: 0 })
  await callerFor(deps, boris).messages.send({ chatId, clientId: newId(), body: 'text' })
  expect((await fetch(`${bases[0]}/readyz`)).status).toBe(200)
  expect(await as(anna).offsetOf(half)).toBe(50)

  await swift.comeBack()
  expect((await as(anna).piece(half, 50, bytes.subarray(50))).status).toBe(204)
  await tryRow(deps, previewTable, picture)
  expect((await as(boris).ask('GET', `${urlOf(message)}/320`)).status).toBe(200)
})

test('an upload whose last piece is here and whose completion found S3 away is complete when it is sent', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const { deps } = testApi
  const finish = deps.fileStorage.finish.bind(deps.fileStorage)
  // S3 has done it, and dies before it can say so.
  deps.fileStorage.finish = async (upload) => {
    await finish(upload)
    await swift.die()
    await finish(upload)
  }
  const path = await as(anna).begin(10)
  const { code } = await errorOf(await as(anna).piece(path, 0, Buffer.from('0123456789')))
  expect(code).toBe('file.unavailable')
  deps.fileStorage.finish = finish
  await swift.comeBack()
  const message = await sendFile(deps, anna, chatId, contentIdOf(path))
  expect(await (await as(boris).ask('GET', urlOf(message))).text()).toBe('0123456789')
})

test('with signed addresses a download leads to S3 for a minute, after the right was asked; players and scripts get the bytes from us', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const message = await sendFile(testApi.deps, anna, chatId, await newContent(testApi.deps, anna, await newPicture()))
  const led = await as(boris, 1).ask('GET', urlOf(message), { 'sec-fetch-dest': 'image' })
  expect([led.status, led.headers.get('cache-control')]).toEqual([302, 'no-store'])
  const address = led.headers.get('location')!
  expect(new URL(address).origin).toBe(swift.settings().endpoint)
  const answer = await fetch(address)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png'])
  expect(answer.headers.get('content-disposition')).toBe('inline; filename=picture.png')
  for (const target of ['video', 'audio', 'empty'])
    expect((await as(boris, 1).ask('GET', urlOf(message), { 'sec-fetch-dest': target })).status).toBe(200)
  const stranger = await newUser(testApi.deps)
  expect((await as(stranger, 1).ask('GET', urlOf(message), { 'sec-fetch-dest': 'image' })).status).toBe(404)
  const page = Buffer.from('<!doctype html><script>alert(1)</script>')
  const unsafe = await sendFile(testApi.deps, anna, chatId, await newContent(testApi.deps, anna, page))
  const opened = await fetch((await as(boris, 1).ask('GET', urlOf(unsafe))).headers.get('location')!)
  expect(opened.headers.get('content-type')).toBe('application/octet-stream')
  expect(opened.headers.get('content-disposition')).toMatch(/^attachment/)
})

test('pages may show pictures and play sound from the bucket only where addresses are signed', async () => {
  const policies = await Promise.all(
    bases.map(async (base) => (await fetch(base)).headers.get('content-security-policy')),
  )
  const { endpoint } = swift.settings()
  expect(policies[0]).not.toContain(endpoint)
  expect(policies[1]).toContain(`img-src 'self' blob: data: ${endpoint};`)
  expect(policies[1]).toContain(`media-src 'self' blob: ${endpoint};`)
  expect(policies[1]!.split(endpoint)).toHaveLength(3)
})
