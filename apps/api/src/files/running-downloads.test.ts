import { randomBytes } from 'node:crypto'
import { beforeAll, beforeEach, afterEach, expect, test, vi } from 'vitest'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { newContent, sendFile, urlOf } from '../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { Uploader } from '../test/http/uploads.ts'

let testApi: TestApi
let base: string
let anna: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  base = await startHttp(testApi.deps)
  anna = await newUser(testApi.deps)
})
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

/** A download that is longer than what the sockets hold, and whose reader has read its beginning. */
async function startDownload() {
  const boris = await newUser(testApi.deps)
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const contentId = await newContent(testApi.deps, anna, randomBytes(40_000_000))
  const message = await sendFile(testApi.deps, anna, chatId, contentId)
  const answer = await new Uploader(base, testApi.deps, boris).ask('GET', urlOf(message))
  const reader = answer.body!.getReader()
  await reader.read()
  return { boris, chatId, message, reader }
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<'whole' | 'broken off'> {
  try {
    for (;;) if ((await reader.read()).done) return 'whole'
  } catch {
    return 'broken off'
  }
}

type Started = Awaited<ReturnType<typeof startDownload>>

test.each<[string, (started: Started) => Promise<unknown>]>([
  [
    'its reader is removed from the chat',
    ({ chatId, boris }) => callerFor(testApi.deps, anna).chats.removeMember({ chatId, userId: boris.userId }),
  ],
  [
    'its message is deleted',
    ({ chatId, message }) => callerFor(testApi.deps, anna).messages.delete({ chatId, seq: message.seq }),
  ],
  [
    'its session is ended',
    ({ boris }) =>
      testApi.deps.db
        .updateTable('sessions')
        .set({ revoked_at: new Date() })
        .where('user_id', '=', boris.userId)
        .execute(),
  ],
  [
    'its reader is disabled',
    ({ boris }) =>
      testApi.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', boris.userId).execute(),
  ],
])('a running download ends when %s', async (_, takeRight) => {
  const started = await startDownload()
  await takeRight(started)
  const asked = vi.spyOn(testApi.deps.gates.download, 'run')
  await vi.advanceTimersByTimeAsync(5_000)
  await Promise.all(asked.mock.results.map(({ value }) => value as Promise<boolean>))
  expect(await readAll(started.reader)).toBe('broken off')
  asked.mockRestore()
})

test('a running download goes on while its reader may read it, also when Postgres does not say so for a while', async () => {
  const { reader } = await startDownload()
  await vi.advanceTimersByTimeAsync(5_000)
  const asked = vi.spyOn(testApi.deps.gates.download, 'run').mockRejectedValue(new Error('no connection'))
  await vi.advanceTimersByTimeAsync(30_000)
  asked.mockRestore()
  expect(await readAll(reader)).toBe('whole')
})
