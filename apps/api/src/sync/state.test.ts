import { DIRECTORY_SCOPE, type ChatId, newId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { beforeAll, describe, expect, it } from 'vitest'
import { addMessages, newDirect, newGroup, newUser, say, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})

const sync = (who: TestUser) => callerFor(testApi.deps, who).sync

describe('sync.state', () => {
  it('answers a client that holds nothing with its own scope: memberships, settings, sessions', async () => {
    const who = await newUser(testApi.deps)
    await newDirect(testApi.deps, who, anna)
    const { scopes } = await sync(who).state({ scopes: [] })
    expect(scopes).toHaveLength(1)
    expect(Object.keys(scopes[0]!.rows).sort()).toEqual(['memberships', 'sessions', 'settings'])
  })

  it('answers nothing about what has not changed, but the positions of the others', async () => {
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

  it('answers what changed with the rows and the unread number, and nothing twice', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { rev } = await sync(boris).scope({ id: chatId, since: 0 })
    await say(testApi.deps, anna, chatId, 'new')
    const { scopes } = await sync(boris).state({ scopes: [[chatId, rev]] })
    const answer = scopes.find(({ id }) => id === chatId)
    expect(answer).toMatchObject({ reset: false, more: false, unread: { unread: 1, atRev: rev + 1 } })
    expect(answer?.rows.messages?.map((row) => row.body)).toEqual(['new'])
  })

  it('says of foreign, left and unknown scopes alike that they are gone', async () => {
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

  it('tells what does not fit into one answer to be asked for', async () => {
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
})

describe('sync.scope', () => {
  it('cuts long answers between revisions, and the pages together are everything', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { rev } = await sync(anna).scope({ id: chatId, since: 0 })
    await fill(chatId, limits.sync.rows + 30)
    const first = await sync(anna).scope({ id: chatId, since: rev })
    const second = await sync(anna).scope({ id: chatId, since: first.rev })
    expect({ first: first.more, second: second.more, reset: first.reset }).toEqual({
      first: true,
      second: false,
      reset: false,
    })
    const seqs = [...(first.rows.messages ?? []), ...(second.rows.messages ?? [])].map((row) => row.seq)
    expect(seqs).toEqual(Array.from({ length: limits.sync.rows + 30 }, (_, i) => i + 2))
  })

  it('answers a gap that is too wide, and a cursor from the future, with the newest page instead', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { rev } = await sync(anna).scope({ id: chatId, since: 0 })
    await fill(chatId, limits.sync.gap + 1)
    for (const since of [rev, 1_000_000]) {
      const answer = await sync(anna).scope({ id: chatId, since })
      expect(answer).toMatchObject({ reset: true, more: false, rev: rev + limits.sync.gap + 1 })
      expect(answer.rows.messages).toHaveLength(50)
      expect(answer.rows.chats).toHaveLength(1)
    }
  })

  it('gives the directory to everyone, by revision', async () => {
    const before = (await sync(anna).scope({ id: DIRECTORY_SCOPE, since: 0 })).rev
    const who = await newUser(testApi.deps, { name: 'Новенькая' })
    const answer = await sync(boris).scope({ id: DIRECTORY_SCOPE, since: before })
    expect(answer.rows.people?.map(({ id, name }) => ({ id, name }))).toEqual([{ id: who.userId, name: 'Новенькая' }])
  })

  it('reads rows, revision and unread number in one snapshot, however much is written meanwhile', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    let writing = true
    const writer = (async () => {
      for (let i = 0; i < 120; i += 1) await say(testApi.deps, anna, chatId, `m${i}`)
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
  it('gives the newest first, each with its last message, page by page without holes', async () => {
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

  it.each([
    "2020'; drop table users|x",
    '2026-11-20 10:00:00+00|------------------------------------',
    `2026-02-31 10:00:00+00|${DIRECTORY_SCOPE}`,
    `99999999999999999|${DIRECTORY_SCOPE}`,
    `-1|${DIRECTORY_SCOPE}`,
    '|',
  ])('refuses a cursor that it did not give: %s', async (cursor) => {
    await expect(sync(anna).chats({ cursor })).rejects.toThrow('input.invalid')
  })
})

const fill = (chatId: ChatId, count: number) => addMessages(testApi.deps, chatId, { author: anna, count, body: 'filled' })
