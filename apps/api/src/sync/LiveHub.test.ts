import { type ChatId, newId } from '@veche/shared/ids'
import type { LiveFrame } from '@veche/shared/live'
import { sql } from 'kysely'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Deps } from '../deps.ts'
import { addSystemMessage } from '../chats/system-messages.ts'
import { advance, lockScopes } from '../platform/scopes/changes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { newDirect, newGroup, newSession, newUser, say, type TestUser } from '../test/builders.ts'
import { callerFor, contextFor, type TestApi, newTestApi } from '../test/harness.ts'
import { Observer } from '../test/Observer.ts'

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
  it('reaches a client of another process through the hint', async () => {
    const elsewhere = testApi.anotherProcess()
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(elsewhere, boris)
    await say(testApi.deps, anna, chatId, 'by hint')
    await vi.waitFor(() => expect(bodies(observer)).toContain('by hint'), 3_000)
    observer.close()
  })

  it('reaches a client of a process that has no Redis, by the poll', async () => {
    const alone = testApi.anotherProcess({ REDIS_URL: '/nowhere/redis.sock' })
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(alone, boris)
    await say(testApi.deps, anna, chatId, 'by poll')
    await vi.waitFor(() => expect(bodies(observer)).toContain('by poll'), 6_000)
    expect(observer.holes).toBe(0)
    observer.close()
  })

  it('is sent, and stays sent, while Redis is away', async () => {
    const alone = testApi.anotherProcess({ REDIS_URL: '/nowhere/redis.sock' })
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { message } = await callerFor(alone, anna).messages.send({
      chatId,
      clientId: newId(),
      body: 'no Redis here',
    })
    expect(message.seq).toBe(2)
  })

  it('of a burst is told in order, in few frames, without a hole', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(testApi.deps, boris)
    await Promise.all(Array.from({ length: 40 }, (_, i) => say(testApi.deps, anna, chatId, `burst ${i}`)))
    await observer.expectEqualsFetch()
    const seqs = observer.frames
      .filter(({ id }) => id === chatId)
      .flatMap(({ rows }) => rows.messages?.map((row) => row.seq) ?? [])
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b))
    expect(new Set(seqs).size).toBe(40)
    expect(observer.holes).toBe(0)
    observer.close()
  })
})

describe('membership', () => {
  it('who is added in the middle of a storm misses nothing', async () => {
    const chatId = await newGroup(testApi.deps, [anna])
    const observer = await Observer.open(testApi.deps, boris)
    const storm = stormOf(testApi.deps, anna, chatId, 60)
    await callerFor(testApi.deps, anna).chats.addMembers({ chatId, userIds: [boris.userId] })
    await storm
    await expect.poll(() => observer.held.has(chatId)).toBe(true)
    await observer.settled()
    const held = observer.rows('messages').filter((row) => row.chatId === chatId)
    expect(held.some((row) => row.body === 'storm 59')).toBe(true)
    observer.close()
  })

  it('who is removed in the middle of a storm receives nothing that was written after, and keeps nothing', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const elsewhere = testApi.anotherProcess()
    const observers = [await Observer.open(testApi.deps, boris), await Observer.open(elsewhere, boris)]
    const storm = stormOf(testApi.deps, anna, chatId, 80)
    const { chat } = await callerFor(testApi.deps, anna).chats.removeMember({ chatId, userId: boris.userId })
    await storm
    for (const observer of observers) {
      await expect.poll(() => observer.held.has(chatId)).toBe(false)
      const last = Math.max(0, ...observer.frames.filter(({ id }) => id === chatId).map(({ rev }) => rev))
      expect(last).toBeLessThan(chat.rev)
      observer.close()
    }
  })

  it('a second tab that opens while a chat is joined holds that chat too', async () => {
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

  it('what was written before somebody came never reaches them in a frame', async () => {
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

describe('a reading', () => {
  it('that somebody registers in the middle of is no hole for them: they hear how far it came', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const scope = { kind: 'chat' as const, id: chatId }
    const observer = await Observer.open(testApi.deps, anna)
    const frames: LiveFrame[] = []
    const rev = await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [scope])
      await sql`lock table messages in access exclusive mode`.execute(tx.db)
      testApi.deps.hints.tell({ hints: [{ scope: 'chat', id: chatId, rev: 2 }] })
      await expect.poll(waitingReads).toBe(1)
      void listen(boris, frames)
      await expect.poll(() => frames[0]?.type).toBe('hello')
      const next = await advance(tx, scope)
      await addSystemMessage({ ...tx, actor: anna }, chatId, next, { event: 'renamed', title: 'Meanwhile' })
      return next
    })
    await observer.settled()
    await expect.poll(() => frames).toContainEqual(expect.objectContaining({ type: 'changes', id: chatId, rev }))
    observer.close()
  })

  it('finds what there is: a hint that promises more is read after once and forgotten', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(testApi.deps, boris)
    testApi.deps.hints.tell({ hints: [{ scope: 'chat', id: chatId, rev: 1_000_000 }] })
    await testApi.deps.streams.poll()
    await say(testApi.deps, anna, chatId, 'after the false hint')
    await expect.poll(() => bodies(observer)).toContain('after the false hint')
    await testApi.deps.streams.poll()
    expect(observer.frames.filter(({ id }) => id === chatId).length).toBeLessThan(4)
    observer.close()
  })
})

describe('a session', () => {
  it('that ended before its socket asked for the stream hears nothing, not even hello', async () => {
    const who = await newUser(testApi.deps)
    const { actor } = await contextFor(testApi.deps, who)
    await testApi.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', who.userId).execute()
    const stream = await testApi.deps.streams.open(actor!, socket, { ip: '127.0.0.1', device: 'test' })
    const frames: LiveFrame[] = []
    for await (const frame of stream.frames(undefined)) frames.push(frame)
    expect({ frames, over: stream.sessionOver }).toEqual({ frames: [], over: true })
    expect(testApi.deps.streams.all()).not.toContain(stream)
  })

  it('that is revoked ends its stream, and no other', async () => {
    const who = await newUser(testApi.deps)
    const first = await Observer.open(testApi.deps, who)
    const { sessionId } = await newSession(testApi.deps, who.userId)
    const second = await Observer.open(testApi.deps, who)
    await testApi.deps.db.updateTable('sessions').set({ revoked_at: new Date() }).where('id', '=', sessionId).execute()
    await second.ended
    let over = false
    void first.ended.then(() => (over = true))
    await testApi.deps.streams.checkSessions()
    expect(over).toBe(false)
    first.close()
  })

  it('of a disabled person is silent', async () => {
    const who = await newUser(testApi.deps)
    const observer = await Observer.open(testApi.deps, who)
    await testApi.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', who.userId).execute()
    await observer.ended
  })
})

describe('a signal', () => {
  it('of typing and of positions reaches the others and not oneself', async () => {
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

  it('of presence says who came and who went, and one tab of two is still here', async () => {
    const [one, other] = [await newUser(testApi.deps), await newUser(testApi.deps)]
    await newDirect(testApi.deps, one, other)
    const elsewhere = testApi.anotherProcess()
    const watcher = await Observer.open(testApi.deps, one)
    const presence = () =>
      watcher.signals.findLast((signal) => signal.kind === 'presence' && signal.userId === other.userId)
    const [first, second] = [await Observer.open(testApi.deps, other), await Observer.open(elsewhere, other)]
    await expect.poll(() => presence()).toMatchObject({ online: true })
    first.close()
    const known = () => callerFor(testApi.deps, one).users.presence({ ids: [other.userId] })
    await expect.poll(known).toMatchObject([{ online: true }])
    second.close()
    await expect.poll(() => presence()).toMatchObject({ online: false })
    watcher.close()
  })

  it('of presence says nothing of somebody who was known to be here, as after the restart of a node', async () => {
    const [one, known, fresh] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
    await newGroup(testApi.deps, [one, known, fresh])
    const watcher = await Observer.open(testApi.deps, one)
    await testApi.deps.redis.set(`${testApi.env.REDIS_PREFIX}:online:${known.userId}`, '1')
    const come = [await Observer.open(testApi.deps, known), await Observer.open(testApi.deps, fresh)]
    const news = () => watcher.signals.flatMap((signal) => (signal.kind === 'presence' ? [signal.userId] : []))
    await expect.poll(() => news()).toEqual([fresh.userId])
    for (const observer of [watcher, ...come]) observer.close()
  })

  it('of presence are told a few people at a time, and all of them in the end', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, () => newUser(testApi.deps)))
    await newGroup(testApi.deps, people)
    const watcher = await Observer.open(testApi.deps, people[0]!)
    const come = await Promise.all(people.slice(1).map((person) => Observer.open(testApi.deps, person)))
    const news = () => new Set(watcher.signals.flatMap((signal) => (signal.kind === 'presence' ? [signal.userId] : [])))
    await vi.waitFor(() => expect(news()).toEqual(new Set(people.slice(1).map(({ userId }) => userId))), 8_000)
    for (const observer of [watcher, ...come]) observer.close()
  })
})

const socket = { bufferedAmount: 0, close: () => undefined, terminate: () => undefined }

async function listen(who: TestUser, frames: LiveFrame[]): Promise<void> {
  const { actor } = await contextFor(testApi.deps, who)
  const stream = await testApi.deps.streams.open(actor!, socket, { ip: '127.0.0.1', device: 'test' })
  for await (const frame of stream.frames(undefined)) frames.push(frame)
}

/** Readings of the streams that wait for a table. */
async function waitingReads(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and application_name = 'veche-polls'`.execute(
    testApi.deps.db,
  )
  return rows[0]!.n
}

async function stormOf(deps: Deps, who: TestUser, chatId: ChatId, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await say(deps, who, chatId, `storm ${i}`)
}
