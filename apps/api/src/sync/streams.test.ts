import { type ChatId, newId } from '@veche/shared/ids'
import type { LiveFrame } from '@veche/shared/live'
import { sql } from 'kysely'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Deps } from '../deps.ts'
import { addSystemMessage } from '../chats/system-messages.ts'
import { advance, lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { newDirect, newGroup, newSession, newUser, say, type TestUser } from '../test/builders.ts'
import { callerFor, contextFor, type House, newHouse } from '../test/harness.ts'
import { Observer } from '../test/observer.ts'

let house: House
let anna: TestUser
let boris: TestUser
let vera: TestUser
beforeAll(async () => {
  house = await newHouse()
  ;[anna, boris, vera] = [await newUser(house.deps), await newUser(house.deps), await newUser(house.deps)]
})

const bodies = (observer: Observer) => observer.rows('messages').map((row) => row.body)

describe('a message', () => {
  it('reaches a client of another process through the hint', async () => {
    const elsewhere = house.another()
    const chatId = await newGroup(house.deps, [anna, boris])
    const observer = await Observer.open(elsewhere, boris)
    await say(house.deps, anna, chatId, 'by hint')
    await vi.waitFor(() => expect(bodies(observer)).toContain('by hint'), 3_000)
    observer.close()
  })

  it('reaches a client of a process that has no Redis, by the poll', async () => {
    const alone = house.another({ REDIS_URL: '/nowhere/redis.sock' })
    const chatId = await newGroup(house.deps, [anna, boris])
    const observer = await Observer.open(alone, boris)
    await say(house.deps, anna, chatId, 'by poll')
    await vi.waitFor(() => expect(bodies(observer)).toContain('by poll'), 6_000)
    expect(observer.holes).toBe(0)
    observer.close()
  })

  it('is sent, and stays sent, while Redis is away', async () => {
    const alone = house.another({ REDIS_URL: '/nowhere/redis.sock' })
    const chatId = await newGroup(house.deps, [anna, boris])
    const { message } = await callerFor(alone, anna).messages.send({
      chatId,
      clientId: newId(),
      body: 'no Redis here',
    })
    expect(message.seq).toBe(2)
  })

  it('of a burst is told in order, in few frames, without a hole', async () => {
    const chatId = await newGroup(house.deps, [anna, boris])
    const observer = await Observer.open(house.deps, boris)
    await Promise.all(Array.from({ length: 40 }, (_, i) => say(house.deps, anna, chatId, `burst ${i}`)))
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
    const chatId = await newGroup(house.deps, [anna])
    const observer = await Observer.open(house.deps, boris)
    const storm = stormOf(house.deps, anna, chatId, 60)
    await callerFor(house.deps, anna).chats.addMembers({ chatId, userIds: [boris.userId] })
    await storm
    await expect.poll(() => observer.held.has(chatId)).toBe(true)
    await observer.settled()
    const held = observer.rows('messages').filter((row) => row.chatId === chatId)
    expect(held.some((row) => row.body === 'storm 59')).toBe(true)
    observer.close()
  })

  it('who is removed in the middle of a storm receives nothing that was written after, and keeps nothing', async () => {
    const chatId = await newGroup(house.deps, [anna, boris])
    const elsewhere = house.another()
    const observers = [await Observer.open(house.deps, boris), await Observer.open(elsewhere, boris)]
    const storm = stormOf(house.deps, anna, chatId, 80)
    const { chat } = await callerFor(house.deps, anna).chats.removeMember({ chatId, userId: boris.userId })
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
        const who = await newUser(house.deps)
        const first = await Observer.open(house.deps, who)
        const joined = newGroup(house.deps, [anna, who], `Group ${i}`)
        const second = await Observer.open(house.deps, who)
        return { first, second, chatId: await joined }
      }),
    )
    for (const { first, second, chatId } of opened) {
      await say(house.deps, anna, chatId, 'for both tabs')
      for (const tab of [first, second]) await expect.poll(() => bodies(tab)).toContain('for both tabs')
      first.close()
      second.close()
    }
  })

  it('what was written before somebody came never reaches them in a frame', async () => {
    const chatId = await newGroup(house.deps, [anna])
    await callerFor(house.deps, anna).chats.configure({ chatId, historyForNew: false })
    await say(house.deps, anna, chatId, 'before Vera')
    const observer = await Observer.open(house.deps, vera)
    await callerFor(house.deps, anna).chats.addMembers({ chatId, userIds: [vera.userId] })
    await say(house.deps, anna, chatId, 'after Vera')
    await expect.poll(() => bodies(observer)).toContain('after Vera')
    expect(JSON.stringify(observer.frames)).not.toContain('before Vera')
    observer.close()
  })
})

describe('a reading', () => {
  it('that somebody registers in the middle of is no hole for them: they hear how far it came', async () => {
    const chatId = await newGroup(house.deps, [anna, boris])
    const scope = { kind: 'chat' as const, id: chatId }
    const observer = await Observer.open(house.deps, anna)
    const frames: LiveFrame[] = []
    const rev = await inTransaction(house.deps, async (tx) => {
      await lockScopes(tx, [scope])
      await sql`lock table messages in access exclusive mode`.execute(tx.db)
      house.deps.hints.tell({ hints: [{ scope: 'chat', id: chatId, rev: 2 }] })
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
    const chatId = await newGroup(house.deps, [anna, boris])
    const observer = await Observer.open(house.deps, boris)
    house.deps.hints.tell({ hints: [{ scope: 'chat', id: chatId, rev: 1_000_000 }] })
    await house.deps.streams.poll()
    await say(house.deps, anna, chatId, 'after the false hint')
    await expect.poll(() => bodies(observer)).toContain('after the false hint')
    await house.deps.streams.poll()
    expect(observer.frames.filter(({ id }) => id === chatId).length).toBeLessThan(4)
    observer.close()
  })
})

describe('a session', () => {
  it('that ended before its socket asked for the stream hears nothing, not even hello', async () => {
    const who = await newUser(house.deps)
    const { actor } = await contextFor(house.deps, who)
    await house.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', who.userId).execute()
    const stream = await house.deps.streams.open(actor!, socket, { ip: '127.0.0.1', device: 'test' })
    const frames: LiveFrame[] = []
    for await (const frame of stream.frames(undefined)) frames.push(frame)
    expect({ frames, over: stream.sessionOver }).toEqual({ frames: [], over: true })
    expect(house.deps.streams.all()).not.toContain(stream)
  })

  it('that is revoked ends its stream, and no other', async () => {
    const who = await newUser(house.deps)
    const first = await Observer.open(house.deps, who)
    const { sessionId } = await newSession(house.deps, who.userId)
    const second = await Observer.open(house.deps, who)
    await house.deps.db.updateTable('sessions').set({ revoked_at: new Date() }).where('id', '=', sessionId).execute()
    await second.ended
    let over = false
    void first.ended.then(() => (over = true))
    await house.deps.streams.checkSessions()
    expect(over).toBe(false)
    first.close()
  })

  it('of a disabled person is silent', async () => {
    const who = await newUser(house.deps)
    const observer = await Observer.open(house.deps, who)
    await house.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', who.userId).execute()
    await observer.ended
  })
})

describe('a signal', () => {
  it('of typing and of positions reaches the others and not oneself', async () => {
    const chatId = await newDirect(house.deps, anna, boris)
    await say(house.deps, anna, chatId, 'read me')
    const [mine, theirs] = [await Observer.open(house.deps, boris), await Observer.open(house.deps, anna)]
    await callerFor(house.deps, boris).messages.typing({ chatId })
    await callerFor(house.deps, boris).messages.delivered({ chatId, seq: 1 })
    await callerFor(house.deps, boris).messages.read({ chatId, seq: 1 })
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
    const [one, other] = [await newUser(house.deps), await newUser(house.deps)]
    await newDirect(house.deps, one, other)
    const elsewhere = house.another()
    const watcher = await Observer.open(house.deps, one)
    const presence = () =>
      watcher.signals.findLast((signal) => signal.kind === 'presence' && signal.userId === other.userId)
    const [first, second] = [await Observer.open(house.deps, other), await Observer.open(elsewhere, other)]
    await expect.poll(() => presence()).toMatchObject({ online: true })
    first.close()
    const known = () => callerFor(house.deps, one).users.presence({ ids: [other.userId] })
    await expect.poll(known).toMatchObject([{ online: true }])
    second.close()
    await expect.poll(() => presence()).toMatchObject({ online: false })
    watcher.close()
  })

  it('of presence says nothing of somebody who was known to be here, as after the restart of a node', async () => {
    const [one, known, fresh] = [await newUser(house.deps), await newUser(house.deps), await newUser(house.deps)]
    await newGroup(house.deps, [one, known, fresh])
    const watcher = await Observer.open(house.deps, one)
    await house.deps.redis.set(`${house.env.REDIS_PREFIX}:online:${known.userId}`, '1')
    const come = [await Observer.open(house.deps, known), await Observer.open(house.deps, fresh)]
    const news = () => watcher.signals.flatMap((signal) => (signal.kind === 'presence' ? [signal.userId] : []))
    await expect.poll(() => news()).toEqual([fresh.userId])
    for (const observer of [watcher, ...come]) observer.close()
  })

  it('of presence are told a few people at a time, and all of them in the end', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, () => newUser(house.deps)))
    await newGroup(house.deps, people)
    const watcher = await Observer.open(house.deps, people[0]!)
    const come = await Promise.all(people.slice(1).map((person) => Observer.open(house.deps, person)))
    const news = () => new Set(watcher.signals.flatMap((signal) => (signal.kind === 'presence' ? [signal.userId] : [])))
    await vi.waitFor(() => expect(news()).toEqual(new Set(people.slice(1).map(({ userId }) => userId))), 8_000)
    for (const observer of [watcher, ...come]) observer.close()
  })
})

const socket = { bufferedAmount: 0, close: () => undefined, terminate: () => undefined }

async function listen(who: TestUser, frames: LiveFrame[]): Promise<void> {
  const { actor } = await contextFor(house.deps, who)
  const stream = await house.deps.streams.open(actor!, socket, { ip: '127.0.0.1', device: 'test' })
  for await (const frame of stream.frames(undefined)) frames.push(frame)
}

/** Readings of the streams that wait for a table. */
async function waitingReads(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and application_name = 'veche-polls'`.execute(
    house.deps.db,
  )
  return rows[0]!.n
}

async function stormOf(deps: Deps, who: TestUser, chatId: ChatId, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await say(deps, who, chatId, `storm ${i}`)
}
