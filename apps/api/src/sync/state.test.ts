import { DIRECTORY_SCOPE, type ChatId, newId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { serverLimits } from '@veche/shared/server-limits'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { addMessages, newDirect, newGroup, newUser, say, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { lockWaits } from '../test/locks.ts'
import { addMemberships, addSessions } from '../test/many-rows.ts'
import { outcomeOf } from '../test/outcome.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})

const sync = (who: TestUser) => callerFor(testApi.deps, who).sync

test('a person waits for their own requests, so that nobody takes the slots of all', async () => {
  const busy = await newUser(testApi.deps)
  await newGroup(testApi.deps, [busy])
  const waiting: Promise<unknown>[] = []
  await testApi.deps.db.transaction().execute(async (tx) => {
    await sql`lock table members in access exclusive mode`.execute(tx)
    for (let count = 0; count < 12; count += 1) waiting.push(sync(busy).chats({}))
    await expect.poll(() => lockWaits(testApi.deps, 'veche')).toBe(2)
    waiting.push(sync(boris).chats({}))
    await expect.poll(() => lockWaits(testApi.deps, 'veche')).toBe(3)
  })
  await Promise.all(waiting)
})

test('a request whose client went away while it waited for its turn does no work', async () => {
  const busy = await newUser(testApi.deps)
  await newGroup(testApi.deps, [busy])
  const client = new AbortController()
  const impatient = callerFor(testApi.deps, busy, { signal: client.signal }).sync
  const waiting: Promise<unknown>[] = []
  let givenUp: Promise<unknown[]> | undefined
  await testApi.deps.db.transaction().execute(async (tx) => {
    await sql`lock table members in access exclusive mode`.execute(tx)
    for (let count = 0; count < 2; count += 1) waiting.push(sync(busy).chats({}))
    await expect.poll(() => lockWaits(testApi.deps, 'veche')).toBe(2)
    givenUp = Promise.all([impatient.chats({}), impatient.state({ scopes: [] })].map(outcomeOf))
    client.abort()
  })
  await Promise.all(waiting)
  expect(await givenUp).toEqual(['server.busy', 'server.busy'])
})

describe('sync.state', () => {
  test('sync.state answers a client that holds nothing with its own scope: memberships, settings and sessions', async () => {
    const who = await newUser(testApi.deps)
    await newDirect(testApi.deps, who, anna)
    const { scopes } = await sync(who).state({ scopes: [] })
    expect(scopes).toHaveLength(1)
    expect(Object.keys(scopes[0]!.rows).sort()).toEqual(['memberships', 'sessions', 'settings'])
  })

  test('sync.state answers only the positions of the others when nothing has changed', async () => {
    const chatId = await newDirect(testApi.deps, anna, boris)
    await say(testApi.deps, anna, chatId, 'hello')
    await callerFor(testApi.deps, boris).messages.read({ chatId, seq: 1 })
    const chat = await sync(anna).scope({ id: chatId, since: 0 })
    const mine = await sync(anna).scope({ id: anna.userId, since: 0 })
    const answer = await sync(anna).state({
      scopes: [
        [chatId, chat.rev],
        [anna.userId, mine.rev],
      ],
    })
    expect(answer).toMatchObject({ scopes: [], behind: [], positions: [{ chatId, read: 1, delivered: 1 }] })
  })

  test('sync.state answers what changed with the rows and the unread number', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { rev } = await sync(boris).scope({ id: chatId, since: 0 })
    await say(testApi.deps, anna, chatId, 'new')
    const { scopes } = await sync(boris).state({ scopes: [[chatId, rev]] })
    const answer = scopes.find(({ id }) => id === chatId)
    expect(answer).toMatchObject({ reset: false, more: false, unread: { unread: 1, atRev: rev + 1 } })
    expect(answer?.rows.messages?.map((row) => row.body)).toEqual(['new'])
  })

  test('sync.state says alike of foreign, left and unknown scopes that they are gone', async () => {
    const foreign = await newGroup(testApi.deps, [anna])
    const left = await newGroup(testApi.deps, [anna, boris])
    await callerFor(testApi.deps, boris).chats.leave({ chatId: left })
    const unknown = newId<ChatId>()
    const { scopes } = await sync(boris).state({
      scopes: [
        [foreign, 5],
        [left, 1],
        [unknown, 1],
        [anna.userId, 1],
      ],
    })
    const gone = scopes.filter((scope) => scope.gone)
    expect(gone.map(({ id }) => id).sort()).toEqual([foreign, left, unknown, anna.userId].sort())
    expect(gone.every(({ rows, rev }) => rev === 0 && Object.keys(rows).length === 0)).toBe(true)
  })

  test('sync.state names the scopes that did not fit into its answer', async () => {
    const who = await newUser(testApi.deps)
    const held: [ChatId, number][] = []
    for (let i = 0; i < 12; i += 1) {
      const chatId = await newGroup(testApi.deps, [who, anna])
      await fill(chatId, 50)
      held.push([chatId, 1])
    }
    const answer = await sync(who).state({ scopes: held })
    const told = answer.scopes.filter(({ scope }) => scope === 'chat').length
    expect(told + answer.behind.length).toBe(12)
    expect(answer.behind.length).toBeGreaterThan(0)
  })

  test('sync.state names the scopes whose texts did not fit into its answer', async () => {
    const who = await newUser(testApi.deps)
    const held: [ChatId, number][] = []
    for (let i = 0; i < 4; i += 1) {
      const chatId = await newGroup(testApi.deps, [who])
      const { rev } = await sync(who).scope({ id: chatId, since: 0 })
      await addMessages(testApi.deps, chatId, { author: who, count: 10, body: longest })
      held.push([chatId, rev])
    }
    const answer = await sync(who).state({ scopes: held })
    expect(answer.behind).toHaveLength(2)
    const messages = answer.scopes.flatMap(({ rows }) => rows.messages ?? [])
    expect(messages).toHaveLength(20)
  })
})

describe('sync.scope', () => {
  test('sync.scope cuts long answers between revisions, and its pages together are complete', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { rev } = await sync(anna).scope({ id: chatId, since: 0 })
    await fill(chatId, serverLimits.sync.rows + 30)
    const first = await sync(anna).scope({ id: chatId, since: rev })
    const second = await sync(anna).scope({ id: chatId, since: first.rev })
    expect({ first: first.more, second: second.more, reset: first.reset }).toEqual({
      first: true,
      second: false,
      reset: false,
    })
    const seqs = [...(first.rows.messages ?? []), ...(second.rows.messages ?? [])].map((row) => row.seq)
    expect(seqs).toEqual(Array.from({ length: serverLimits.sync.rows + 30 }, (_, i) => i + 2))
  })

  test('sync.scope ends a page before its texts are longer than 300 KB, and its pages together are complete', async () => {
    const chatId = await newGroup(testApi.deps, [anna])
    const { rev } = await sync(anna).scope({ id: chatId, since: 0 })
    await addMessages(testApi.deps, chatId, { author: anna, count: 50, body: longest })
    const seqs: number[] = []
    let [since, more] = [rev, true]
    while (more) {
      const page = await sync(anna).scope({ id: chatId, since })
      const messages = page.rows.messages ?? []
      expect(textBytes(messages)).toBeLessThanOrEqual(serverLimits.sync.textBytes)
      seqs.push(...messages.map(({ seq }) => seq))
      ;[since, more] = [page.rev, page.more]
    }
    expect(seqs).toEqual(Array.from({ length: 50 }, (_, index) => index + 2))
  })

  test('sync.scope gets further even when the texts of one revision are too long for a page', async () => {
    const chatId = await newGroup(testApi.deps, [anna])
    const { rev } = await sync(anna).scope({ id: chatId, since: 0 })
    await addMessages(testApi.deps, chatId, { author: anna, count: 30, body: longest })
    await testApi.deps.db
      .updateTable('messages')
      .set({ rev: rev + 1 })
      .where('chat_id', '=', chatId)
      .where('rev', '<=', rev + 25)
      .where('rev', '>', rev)
      .execute()
    const first = await sync(anna).scope({ id: chatId, since: rev })
    const second = await sync(anna).scope({ id: chatId, since: first.rev })
    expect([first.rows.messages?.length, first.more]).toEqual([25, true])
    expect([second.rows.messages?.length, second.more, second.rev]).toEqual([5, false, rev + 30])
  })

  test('sync.scope answers the newest page when the cursor is too old or from the future', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { rev } = await sync(anna).scope({ id: chatId, since: 0 })
    await fill(chatId, serverLimits.sync.gap + 1)
    for (const since of [rev, 1_000_000]) {
      const answer = await sync(anna).scope({ id: chatId, since })
      expect(answer).toMatchObject({ reset: true, more: false, rev: rev + serverLimits.sync.gap + 1 })
      expect(answer.rows.messages).toHaveLength(50)
      expect(answer.rows.chats).toHaveLength(1)
    }
  })

  test('sync.scope gives a person whose cursor is from the future all memberships again, page by page', async () => {
    const who = await newUser(testApi.deps)
    const count = serverLimits.sync.rows + 100
    await addMemberships(testApi.deps, who.userId, count)
    const first = await sync(who).scope({ id: who.userId, since: 1_000_000 })
    expect(first).toMatchObject({ reset: true, more: true })
    const second = await sync(who).scope({ id: who.userId, since: first.rev })
    expect(second).toMatchObject({ reset: false, more: false })
    const pages = [first, second].flatMap(({ rows }) => rows.memberships ?? [])
    expect(new Set(pages.map(({ chatId }) => chatId)).size).toBe(count)
  })

  test('sync.scope never divides a revision, and gets further even when one revision has more rows than an answer', async () => {
    const who = await newUser(testApi.deps)
    const count = serverLimits.sync.rows + 100
    await addSessions(testApi.deps, who.userId, count)
    await addMemberships(testApi.deps, who.userId, 3)
    const first = await sync(who).scope({ id: who.userId, since: 1 })
    expect(first).toMatchObject({ more: true, rev: 2 })
    expect(first.rows.sessions).toHaveLength(count)
    const second = await sync(who).scope({ id: who.userId, since: first.rev })
    expect(second).toMatchObject({ more: false, rev: 5 })
    expect(second.rows.memberships).toHaveLength(3)
  })

  test('sync.scope gives no people to a reader of the directory whose cursor is stale', async () => {
    const answer = await sync(boris).scope({ id: DIRECTORY_SCOPE, since: 1_000_000 })
    expect(answer).toMatchObject({ reset: true, more: false, rows: {} })
  })

  test('sync.scope answers the directory to everyone, by revision', async () => {
    const before = (await sync(anna).scope({ id: DIRECTORY_SCOPE, since: 0 })).rev
    const who = await newUser(testApi.deps, { name: 'Новенькая' })
    const answer = await sync(boris).scope({ id: DIRECTORY_SCOPE, since: before })
    expect(answer.rows.people?.map(({ id, name }) => ({ id, name }))).toEqual([{ id: who.userId, name: 'Новенькая' }])
  })

  test('sync.scope reads rows, revision and unread number in one snapshot while messages are sent', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    let writing = true
    const writer = (async () => {
      for (let i = 0; i < 40; i += 1) await say(testApi.deps, anna, chatId, `m${i}`)
      writing = false
    })()
    for (let since = 0; writing;) {
      const answer = await sync(boris).scope({ id: chatId, since: 0 })
      const newest = Math.max(...(answer.rows.messages ?? []).map((row) => row.seq))
      expect(answer.unread).toEqual({ unread: newest - 1, atRev: answer.rev })
      expect(answer.rev).toBeGreaterThanOrEqual(since)
      since = answer.rev
    }
    await writer
  })
})

describe('sync.chats', () => {
  test('sync.chats answers the newest chats first, each with its last message, in pages without gaps', async () => {
    const who = await newUser(testApi.deps)
    const ids: ChatId[] = []
    for (let i = 0; i < 5; i += 1) ids.push(await newGroup(testApi.deps, [who, anna], `Group ${i}`))
    await say(testApi.deps, anna, ids[1]!, 'newest of all')
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<ReturnType<typeof sync>['chats']>> = await sync(who).chats({
        cursor,
        limit: 2,
      })
      for (const answer of page.chats) expect(answer.rows.messages).toHaveLength(1)
      seen.push(...page.chats.map(({ id }) => id))
      cursor = page.next
    } while (cursor)
    expect(seen).toEqual([ids[1], ids[4], ids[3], ids[2], ids[0]])
  })

  test('the first page has the pinned chats too, however old they are, and they come again in their place', async () => {
    const who = await newUser(testApi.deps)
    const ids: ChatId[] = []
    for (let i = 0; i < 5; i += 1) ids.push(await newGroup(testApi.deps, [who, anna], `Group ${i}`))
    for (const chatId of [ids[0]!, ids[4]!]) await callerFor(testApi.deps, who).chats.setMine({ chatId, pinned: true })
    const first = await sync(who).chats({ limit: 2 })
    expect([first.chats.map(({ id }) => id), first.left]).toEqual([[ids[4], ids[3], ids[0]], 3])
    const later = await sync(who).chats({ cursor: first.next, limit: 3 })
    expect(later.chats.map(({ id }) => id)).toEqual([ids[2], ids[1], ids[0]])
  })

  test('each chat of the list comes with my membership, and each page tells how many chats are left', async () => {
    const who = await newUser(testApi.deps)
    const ids: ChatId[] = []
    for (let i = 0; i < 3; i += 1) ids.push(await newGroup(testApi.deps, [who, anna], `Group ${i}`))
    const own = await sync(who).scope({ id: who.userId, since: 0 })
    const page = await sync(who).chats({ limit: 2 })
    expect(page.chats.flatMap(({ rows }) => rows.memberships)).toEqual(
      [ids[2], ids[1]].map((id) => own.rows.memberships?.find(({ chatId }) => chatId === id)),
    )
    const last = await sync(who).chats({ cursor: page.next, limit: 2 })
    expect([page.left, last.left, last.next]).toEqual([1, 0, null])
  })

  test('a chat in the list is the same as the chat that is asked for alone', async () => {
    const who = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna, who])
    for (const text of ['one', 'two', 'three']) await say(testApi.deps, anna, chatId, text)
    const { messages, ...rows } = (await sync(who).scope({ id: chatId, since: 0 })).rows
    const { chats } = await sync(who).chats({})
    expect(chats[0]).toMatchObject({ ...(await sync(who).scope({ id: chatId, since: 0 })), rows })
    expect(chats[0]!.rows.messages).toEqual(messages?.filter(({ body }) => body === 'three'))
  })

  test.each([
    "2020'; drop table users|x",
    '2026-11-20 10:00:00+00|------------------------------------',
    `2026-02-31 10:00:00+00|${DIRECTORY_SCOPE}`,
    `99999999999999999|${DIRECTORY_SCOPE}`,
    `-1|${DIRECTORY_SCOPE}`,
    '|',
  ])('sync.chats refuses a cursor that it did not give: %s', async (cursor) => {
    await expect(sync(anna).chats({ cursor })).rejects.toThrow('input.invalid')
  })
})

const fill = (chatId: ChatId, count: number) =>
  addMessages(testApi.deps, chatId, { author: anna, count, body: 'filled' })

/** As long as a message can be. */
const longest = '😀'.repeat(limits.message.body)

function textBytes(messages: { body: string | null }[]): number {
  return messages.reduce((sum, { body }) => sum + Buffer.byteLength(body ?? ''), 0)
}
