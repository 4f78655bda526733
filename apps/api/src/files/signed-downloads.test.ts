import { newId, type ContentId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { beforeAll, expect, test } from 'vitest'
import { readEnv } from '../env.ts'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { newContent, sendFile, urlOf } from '../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { Uploader } from '../test/http/uploads.ts'
import { readAddress, signAddress } from './signed-addresses.ts'
import { deleteUnheldContents } from './unheld-contents.ts'

let testApi: TestApi
let base: string
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi({ FILES_SIGNED_URLS: 'on' })
  base = await startHttp(testApi.deps)
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})

async function newFile(bytes: Buffer): Promise<MessageRow> {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  return await sendFile(testApi.deps, anna, chatId, await newContent(testApi.deps, anna, bytes))
}

/** Where a download of this person leads to. */
async function addressOf(message: MessageRow): Promise<string> {
  const answer = await new Uploader(base, testApi.deps, boris).ask('GET', urlOf(message))
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([302, 'no-store'])
  return answer.headers.get('location')!
}

/** Without a cookie, as a cache on the way asks. */
const open = (address: string, headers: Record<string, string> = {}) => fetch(base + address, { headers })

test('a signed address opens for whoever has it, as safely as the file itself, and a cache may keep the answer that long', async () => {
  const address = await addressOf(await newFile(Buffer.from('<!doctype html><script>alert(1)</script>')))
  const answer = await open(address)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename=picture.png$/)
  expect(answer.headers.get('content-security-policy')).toMatch(/sandbox/)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  const [, seconds] = /^public, max-age=(\d+), immutable$/.exec(answer.headers.get('cache-control')!)!
  expect(Number(seconds)).toBeLessThanOrEqual(60)
  const part = await open(address, { range: 'bytes=0-1' })
  expect([part.status, await part.text()]).toEqual([206, '<!'])
})

test('an address names the file itself, a preview or the version that every browser plays', () => {
  const { env, clock } = testApi.deps
  for (const variant of ['original', 320, 1280, 'rendition'] as const) {
    const file = { id: newId<ContentId>(), variant, mime: 'video/mp4', name: 'film.mp4' }
    const { pathname, searchParams } = new URL(signAddress(env, file, clock.now()), 'http://localhost')
    const [, , , , id, shown] = pathname.split('/')
    expect(readAddress(env, { id, variant: shown, ...Object.fromEntries(searchParams) }, clock.now())).toMatchObject(
      file,
    )
  }
})

test('an address is refused after a minute', async () => {
  const address = await addressOf(await newFile(Buffer.from('short')))
  await testApi.passTime(61_000)
  expect((await open(address)).status).toBe(404)
})

test('an address that was altered, or signed for another file or another preview, is refused', async () => {
  const [one, other] = [
    await addressOf(await newFile(Buffer.from('one'))),
    await addressOf(await newFile(Buffer.from('two'))),
  ]
  const idIn = (address: string) => /signed\/([^/]+)/.exec(address)![1]!
  const changed = [
    one.replace(idIn(one), idIn(other)),
    one.replace('/original', '/320'),
    one.replace('text%2Fplain', 'text%2Fhtml'),
    one.replace('picture.png', 'picture.exe'),
    one.replace(/until=(\d+)/, (_, until) => `until=${Number(until) + 30_000}`),
    one.replace(/signature=./, 'signature=_'),
    one.replace(/&signature=.*/, ''),
    `${one}&until=1`,
    `${one}&more=1`,
  ]
  expect(await Promise.all(changed.map(async (address) => (await open(address)).status))).toEqual(
    changed.map(() => 404),
  )
  expect((await open(one)).status).toBe(200)
})

test('an address that was given before its reader was removed opens until it expires, and no longer', async () => {
  const message = await newFile(Buffer.from('mine'))
  const address = await addressOf(message)
  await callerFor(testApi.deps, anna).chats.removeMember({ chatId: message.chatId, userId: boris.userId })
  const requests = new Uploader(base, testApi.deps, boris)
  expect((await requests.ask('GET', urlOf(message))).status).toBe(404)
  expect((await open(address)).status).toBe(200)
  await testApi.passTime(61_000)
  expect((await open(address)).status).toBe(404)
})

test('an address of a file whose bytes are gone opens nothing', async () => {
  const message = await newFile(Buffer.from('gone'))
  const address = await addressOf(message)
  await callerFor(testApi.deps, anna).messages.delete({ chatId: message.chatId, seq: message.seq })
  await deleteUnheldContents(testApi.deps)
  expect((await open(address)).status).toBe(404)
})

test('addresses are the same within half a minute, and those of the previous secret still open', () => {
  const { env } = testApi.deps
  const file = { id: newId<ContentId>(), variant: 320, mime: 'image/webp', name: 'май.webp' }
  const start = 1_000_000 * 30_000
  expect(signAddress(env, file, start)).toBe(signAddress(env, file, start + 29_999))
  const address = new URL(signAddress(env, file, start), 'http://localhost')
  const given = { id: file.id, variant: '320', ...Object.fromEntries(address.searchParams) }
  const later = { ...env, VECHE_SECRET: 'another secret of the installation', VECHE_SECRET_PREVIOUS: env.VECHE_SECRET }
  expect(readAddress(later, given, start)).toMatchObject(file)
  expect(readAddress({ ...later, VECHE_SECRET_PREVIOUS: undefined }, given, start)).toBeNull()
})

test('signed addresses are off unless the setting turns them on', () => {
  const needed = { DATABASE_URL: 'x', REDIS_URL: 'x', VECHE_SECRET: 'x'.repeat(32), VECHE_DATA: 'x' }
  expect(readEnv(needed).FILES_SIGNED_URLS).toBe(false)
})
