import { type ChatId, newId } from '@veche/shared/ids'
import type { LiveFrame } from '@veche/shared/live'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { findActor } from '../auth/sessions.ts'
import type { Deps } from '../deps.ts'
import { newDirect, newGroup, newSession, newUser, say, type TestUser } from '../test/builders.ts'
import { callerFor, contextFor, type TestApi, newTestApi } from '../test/harness.ts'
import { lockWaits } from '../test/locks.ts'
import { Observer } from '../test/Observer.ts'
import { readUntilEnd } from '../test/ReadSocket.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
let vera: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris, vera] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
})

const bodies = (observer: Observer) => observer.rows('messages').map((row) => row.body)

describe('a message', () => {
  test('a message reaches a client of another process by the hint', async () => {
    const elsewhere = testApi.anotherProcess()
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(elsewhere, boris)
    await say(testApi.deps, anna, chatId, 'by hint')
    await expect.poll(() => bodies(observer)).toContain('by hint')
    observer.close()
  })

  test('a message reaches a client of a process without Redis by the poll', async () => {
    const alone = testApi.anotherProcess({ REDIS_URL: '/nowhere/redis.sock' })
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(alone, boris)
    await say(testApi.deps, anna, chatId, 'by poll')
    await expect.poll(() => bodies(observer)).toContain('by poll')
    expect(observer.gaps).toBe(0)
    observer.close()
  })

  test('a message can be sent while Redis is away', async () => {
    const alone = testApi.anotherProcess({ REDIS_URL: '/nowhere/redis.sock' })
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { message } = await callerFor(alone, anna).messages.send({
      chatId,
      clientId: newId(),
      body: 'no Redis here',
    })
    expect(message.seq).toBe(2)
  })

  test('a burst of messages arrives in order and without a gap', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(testApi.deps, boris)
    await Promise.all(Array.from({ length: 40 }, (_, i) => say(testApi.deps, anna, chatId, `burst ${i}`)))
    await observer.expectEqualsFetch()
    const seqs = observer.frames
      .filter(({ id }) => id === chatId)
      .flatMap(({ rows }) => rows.messages?.map((row) => row.seq) ?? [])
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b))
    expect(new Set(seqs).size).toBe(40)
    expect(observer.gaps).toBe(0)
    observer.close()
  })
})

describe('membership', () => {
  test('a member who is added while many messages are sent misses none', async () => {
    const chatId = await newGroup(testApi.deps, [anna])
    const observer = await Observer.open(testApi.deps, boris)
    const sends = sendMany(testApi.deps, anna, chatId, 30)
    await callerFor(testApi.deps, anna).chats.addMembers({ chatId, userIds: [boris.userId] })
    await sends
    await expect.poll(() => observer.held.has(chatId)).toBe(true)
    await observer.settled()
    const held = observer.rows('messages').filter((row) => row.chatId === chatId)
    expect(held.some((row) => row.body === 'message 29')).toBe(true)
    observer.close()
  })

  test('a member who is removed while many messages are sent receives nothing later and keeps nothing', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const elsewhere = testApi.anotherProcess()
    const observers = [await Observer.open(testApi.deps, boris), await Observer.open(elsewhere, boris)]
    const sends = sendMany(testApi.deps, anna, chatId, 40)
    const { chat } = await callerFor(testApi.deps, anna).chats.removeMember({ chatId, userId: boris.userId })
    await sends
    for (const observer of observers) {
      await expect.poll(() => observer.held.has(chatId)).toBe(false)
      const last = Math.max(0, ...observer.frames.filter(({ id }) => id === chatId).map(({ rev }) => rev))
      expect(last).toBeLessThan(chat.rev)
      observer.close()
    }
  })

  test('a second tab that opens while its user joins a chat holds that chat too', async () => {
    const opened = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const who = await newUser(testApi.deps)
        const first = await Observer.open(testApi.deps, who)
        const joined = newGroup(testApi.deps, [anna, who], `Group ${i}`)
        const second = await Observer.open(testApi.deps, who)
        return { first, second, chatId: await joined }
      }),
    )
    for (const { first, second, chatId } of opened) {
      await say(testApi.deps, anna, chatId, 'for both tabs')
      for (const tab of [first, second]) await expect.poll(() => bodies(tab)).toContain('for both tabs')
      first.close()
      second.close()
    }
  })

  test('no frame carries messages from before the member came, when the group hides them', async () => {
    const chatId = await newGroup(testApi.deps, [anna])
    await callerFor(testApi.deps, anna).chats.configure({ chatId, historyForNew: false })
    await say(testApi.deps, anna, chatId, 'before Vera')
    const observer = await Observer.open(testApi.deps, vera)
    await callerFor(testApi.deps, anna).chats.addMembers({ chatId, userIds: [vera.userId] })
    await say(testApi.deps, anna, chatId, 'after Vera')
    await expect.poll(() => bodies(observer)).toContain('after Vera')
    expect(JSON.stringify(observer.frames)).not.toContain('before Vera')
    observer.close()
  })
})

describe('a session', () => {
  test('a session that ended before its stream opened receives nothing, not even hello', async () => {
    const who = await newUser(testApi.deps)
    const { actor } = await contextFor(testApi.deps, who)
    await testApi.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', who.userId).execute()
    const frames: LiveFrame[] = []
    const stream = await readUntilEnd(testApi.deps, actor!, (frame) => void frames.push(frame))
    expect({ frames, over: stream.sessionOver }).toEqual({ frames: [], over: true })
    expect(testApi.deps.liveHub.all()).not.toContain(stream)
  })

  test('a revoked session ends its own stream and no other', async () => {
    const who = await newUser(testApi.deps)
    const first = await Observer.open(testApi.deps, who)
    const { sessionId } = await newSession(testApi.deps, who.userId)
    const second = await Observer.open(testApi.deps, who)
    await testApi.deps.db.updateTable('sessions').set({ revoked_at: new Date() }).where('id', '=', sessionId).execute()
    await second.ended
    let over = false
    void first.ended.then(() => (over = true))
    await testApi.deps.liveHub.checkSessions()
    expect(over).toBe(false)
    first.close()
  })

  test('the stream of a disabled user ends', async () => {
    const who = await newUser(testApi.deps)
    const observer = await Observer.open(testApi.deps, who)
    await testApi.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', who.userId).execute()
    await observer.ended
  })
})

describe('a signal', () => {
  test('signals of typing and positions reach the other members and not their sender', async () => {
    const chatId = await newDirect(testApi.deps, anna, boris)
    await say(testApi.deps, anna, chatId, 'read me')
    const [mine, theirs] = [await Observer.open(testApi.deps, boris), await Observer.open(testApi.deps, anna)]
    await callerFor(testApi.deps, boris).messages.typing({ chatId })
    await callerFor(testApi.deps, boris).messages.delivered({ chatId, seq: 1 })
    await callerFor(testApi.deps, boris).messages.read({ chatId, seq: 1 })
    const told = (read: number, delivered: number) => ({
      kind: 'positions',
      chatId,
      userId: boris.userId,
      read,
      delivered,
    })
    const all = [{ kind: 'typing', chatId, userId: boris.userId }, told(0, 1), told(1, 1)]
    await expect.poll(() => theirs.signals).toEqual(expect.arrayContaining(all))
    expect(mine.signals.filter((signal) => 'userId' in signal && signal.userId === boris.userId)).toEqual([])
    mine.close()
    theirs.close()
  })

  test('a member who was removed is told nothing of who types in the group', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const other = await newDirect(testApi.deps, anna, boris)
    const observer = await Observer.open(testApi.deps, boris)
    await callerFor(testApi.deps, anna).chats.removeMember({ chatId, userId: boris.userId })
    await expect.poll(() => observer.held.has(chatId)).toBe(false)
    for (const id of [chatId, other]) await callerFor(testApi.deps, anna).messages.typing({ chatId: id })
    const typing = (id: ChatId) => ({ kind: 'typing', chatId: id, userId: anna.userId })
    await expect.poll(() => observer.signals).toContainEqual(typing(other))
    expect(observer.signals).not.toContainEqual(typing(chatId))
    observer.close()
  })

  test('when the rows of many chats cannot be read, sessions are still found, and the rows come afterwards', async () => {
    const chats = await Promise.all(Array.from({ length: 12 }, () => newGroup(testApi.deps, [anna, boris])))
    const elsewhere = testApi.anotherProcess()
    const observer = await Observer.open(elsewhere, boris)
    for (const [index, chatId] of chats.entries()) await say(testApi.deps, anna, chatId, `stalled ${index}`)
    await expect.poll(() => bodies(observer).filter((body) => body?.startsWith('stalled'))).toHaveLength(12)
    await testApi.deps.db.transaction().execute(async (tx) => {
      await sql`lock table messages in access exclusive mode`.execute(tx)
      for (const id of chats) elsewhere.hints.tell({ hints: [{ scope: 'chat', id, rev: 1_000 }] })
      await expect.poll(() => lockWaits(elsewhere, 'veche-live')).toBeGreaterThanOrEqual(4)
      const { token } = await newSession(testApi.deps, boris.userId)
      expect(await findActor(elsewhere, token)).toMatchObject({ userId: boris.userId })
    })
    await say(testApi.deps, anna, chats[0]!, 'after the stall')
    await expect.poll(() => bodies(observer)).toContain('after the stall')
    observer.close()
  })

  test('in a large group nobody is told who types or reads', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    await say(testApi.deps, anna, chatId, 'to everybody')
    const theirs = await Observer.open(testApi.deps, anna)
    await testApi.deps.db.updateTable('chats').set({ member_count: 101 }).where('id', '=', chatId).execute()
    const { messages } = callerFor(testApi.deps, boris)
    await messages.typing({ chatId })
    await messages.read({ chatId, seq: 1 })
    await testApi.deps.db.updateTable('chats').set({ member_count: 100 }).where('id', '=', chatId).execute()
    await messages.typing({ chatId })
    // Signals keep their order, so what was sent before the last one would be here.
    await expect
      .poll(() => theirs.signals.filter((signal) => 'chatId' in signal && signal.chatId === chatId))
      .toEqual([{ kind: 'typing', chatId, userId: boris.userId }])
    theirs.close()
  })
})

async function sendMany(deps: Deps, who: TestUser, chatId: ChatId, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await say(deps, who, chatId, `message ${i}`)
}
