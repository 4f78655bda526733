import { sql } from 'kysely'
import type { ChatId } from '@veche/shared/ids'
import { serverLimits } from '@veche/shared/server-limits'
import { beforeAll, expect, test, vi } from 'vitest'
import { newGroup, newUser, say, type TestUser } from '../test/builders.ts'
import { callerFor, contextFor, type TestApi, newTestApi } from '../test/harness.ts'
import { lockWaits } from '../test/locks.ts'
import { outcomeOf } from '../test/outcome.ts'
import { ReadSocket } from '../test/ReadSocket.ts'
import { liveFrames } from '../sync/live.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
let chatId: ChatId
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
  chatId = await newGroup(testApi.deps, [anna, boris])
  await say(testApi.deps, anna, chatId, 'hello')
})

const as = (who: TestUser) => callerFor(testApi.deps, who)
const readHistory = (who: TestUser) => outcomeOf(as(who).messages.history({ chatId }))

/** While `work` runs, whoever reads messages waits. */
async function whileMessagesAreLocked(work: () => Promise<void>): Promise<void> {
  await testApi.deps.polls.transaction().execute(async (tx) => {
    await sql`lock table messages in access exclusive mode`.execute(tx)
    await work()
  })
}

test('a person who reads much at the same time delays nobody else, and what is too much is refused at once', async () => {
  let answers: Promise<unknown[]> | undefined
  await whileMessagesAreLocked(async () => {
    const early = Array.from({ length: 4 * serverLimits.sync.streams + 2 }, () => readHistory(anna))
    await expect.poll(() => lockWaits(testApi.deps, 'veche')).toBe(2)
    expect(await readHistory(anna)).toBe('request.too_many')
    expect(await outcomeOf(as(boris).users.get({ ids: [anna.userId] }))).toBe('ok')
    answers = Promise.all(early)
  })
  expect(new Set(await answers)).toEqual(new Set(['ok']))
})

test('who is disabled while their requests wait is answered as somebody who is not signed in', async () => {
  const olga = await newUser(testApi.deps)
  const owner = await newUser(testApi.deps, { role: 'owner' })
  await as(anna).chats.addMembers({ chatId, userIds: [olga.userId] })
  let answers: Promise<unknown[]> | undefined
  const turns = vi.spyOn(testApi.deps.turns.read, 'run')
  await whileMessagesAreLocked(async () => {
    const asked = Array.from({ length: 6 }, () => readHistory(olga))
    await expect.poll(() => turns.mock.calls.length).toBe(6)
    await expect.poll(() => lockWaits(testApi.deps, 'veche')).toBe(2)
    await as(owner).admin.setDisabled({ userId: olga.userId, disabled: true })
    answers = Promise.all(asked)
  })
  turns.mockRestore()
  expect((await answers)!.toSorted()).toEqual([...Array.from({ length: 4 }, () => 'auth.required'), 'ok', 'ok'])
})

test('a person who opens many live streams at once takes one slot, and others open theirs', async () => {
  const open = async (who: TestUser) => {
    const { actor } = await contextFor(testApi.deps, who)
    const connection = { ip: '127.0.0.1', device: 'test', socket: new ReadSocket() }
    const ctx = { ...testApi.deps, actor: actor!, connection } as never
    const frames = liveFrames(ctx, undefined)
    const { value } = await frames.next()
    return { hello: value, end: () => void frames.return() }
  }
  const usual = testApi.deps.liveHub.open.bind(testApi.deps.liveHub)
  const released = Promise.withResolvers<void>()
  testApi.deps.liveHub.open = async (actor, ...rest) => {
    if (actor.userId === anna.userId) await released.promise
    return usual(actor, ...rest)
  }
  const hers = Array.from({ length: 10 }, () => open(anna))
  const his = await open(boris)
  expect(his.hello).toMatchObject({ type: 'hello' })
  released.resolve()
  for (const stream of [his, ...(await Promise.all(hers))]) stream.end()
  testApi.deps.liveHub.open = usual
})
