import { type ClientId, type ChatId, newId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { serverLimits } from '@veche/shared/server-limits'
import { beforeAll, describe, expect, test } from 'vitest'
import { addMessages, newDirect, newGroup, newUser, say, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { outcomeOf } from '../test/outcome.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
let group: ChatId
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
  group = await newGroup(testApi.deps, [anna, boris])
})

const send = (who: TestUser, body: string, clientId = newId<ClientId>(), chatId = group) =>
  callerFor(testApi.deps, who).messages.send({ chatId, clientId, body })

describe('sending', () => {
  test('a retry with the same client id answers the stored message and stores nothing', async () => {
    const clientId = newId<ClientId>()
    const first = await send(anna, 'once', clientId)
    const second = await send(anna, 'once', clientId)
    expect(second.message).toEqual(first.message)
    expect(await stored(clientId)).toBe(1)
  })

  test('ten sends of one client id at the same time store one message', async () => {
    const clientId = newId<ClientId>()
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(anna, 'at once', clientId)))
    expect(new Set(answers.map(({ message }) => message.seq)).size).toBe(1)
    expect(await stored(clientId)).toBe(1)
  })

  test('another text, or another chat, under the same client id is a conflict', async () => {
    const clientId = newId<ClientId>()
    await send(anna, 'one text', clientId)
    await expect(send(anna, 'another text', clientId)).rejects.toThrow('message.conflict')
    const other = await newGroup(testApi.deps, [anna])
    await expect(send(anna, 'one text', clientId, other)).rejects.toThrow('message.conflict')
  })

  test('the same client id in two chats at once is stored in one of them, and a conflict in the other', async () => {
    const clientId = newId<ClientId>()
    const other = await newGroup(testApi.deps, [anna])
    const answers = await Promise.allSettled(
      [group, other, group, other].map((chatId) => send(anna, 'in one of them', clientId, chatId)),
    )
    expect(await stored(clientId)).toBe(1)
    const refused = answers.filter((answer) => answer.status === 'rejected')
    expect(refused.map(({ reason }) => (reason as Error).message)).toEqual(['message.conflict', 'message.conflict'])
  })

  test('the same client id of another person is another message', async () => {
    const clientId = newId<ClientId>()
    const [mine, theirs] = [await send(anna, 'mine', clientId), await send(boris, 'theirs', clientId)]
    expect(mine.message.seq).not.toBe(theirs.message.seq)
  })

  test('a removed member who retries still gets the message that was stored before', async () => {
    const vera = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna, vera])
    const clientId = newId<ClientId>()
    const first = await send(vera, 'the answer was lost', clientId, chatId)
    await callerFor(testApi.deps, anna).chats.removeMember({ chatId, userId: vera.userId })
    expect(await send(vera, 'the answer was lost', clientId, chatId)).toEqual(first)
    await expect(send(vera, 'something new', newId<ClientId>(), chatId)).rejects.toThrow('chat.not_found')
  })

  test('seq has no gaps and revisions follow it when several people send at the same time', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => send(i % 2 ? anna : boris, `message ${i}`, newId<ClientId>(), chatId)),
    )
    const rows = await testApi.deps.db
      .selectFrom('messages')
      .select(['seq', 'rev'])
      .where('chat_id', '=', chatId)
      .orderBy('seq')
      .execute()
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 61 }, (_, i) => i + 1))
    expect(rows.map((row) => row.rev)).toEqual([...rows.map((row) => row.rev)].sort((a, b) => a - b))
  })

  test('a client id older than ninety days is refused', async () => {
    const old = newId<ClientId>(testApi.clock.now() - serverLimits.clientIdDays * 86_400_000 - 1_000)
    await expect(send(anna, 'too late', old)).rejects.toThrow('message.client_id_expired')
  })

  test('a text is composed, trimmed and counted in code points, and refused when it is empty or too long', async () => {
    const decomposed = '  и\u0306ога\r\nвторая строка  '
    expect((await send(anna, decomposed)).message.body).toBe('йога\nвторая строка')
    expect((await send(anna, '🔔'.repeat(limits.message.body))).message.body).toHaveLength(limits.message.body * 2)
    await expect(send(anna, 'а'.repeat(limits.message.body + 1))).rejects.toThrow('message.too_long')
    await expect(send(anna, ' \n\u0007 ')).rejects.toThrow('message.empty')
  })

  test('a run of combining marks is cut, because composing it takes the square of its length', async () => {
    expect((await send(anna, `a${'\u0327'.repeat(4_000)} b`)).message.body).toBe(`a${'\u0327'.repeat(10)} b`)
  })

  test('a user who is no member gets the same error as for a chat that does not exist', async () => {
    const stranger = await newUser(testApi.deps)
    await expect(send(stranger, 'hello')).rejects.toThrow('chat.not_found')
    await expect(send(stranger, 'hello', newId<ClientId>(), newId<ChatId>())).rejects.toThrow('chat.not_found')
    // The id of a scope that is no chat.
    await expect(send(stranger, 'hello', newId<ClientId>(), anna.userId as never)).rejects.toThrow('chat.not_found')
  })
})

describe('history', () => {
  test('history is read by pages in both directions, without gaps and without repeats', async () => {
    const chatId = await newGroup(testApi.deps, [anna])
    for (let i = 0; i < 9; i += 1) await say(testApi.deps, anna, chatId, `m${i}`)
    const { messages } = callerFor(testApi.deps, anna)
    const newest = await messages.history({ chatId, limit: 4 })
    expect(newest.messages.map((row) => row.seq)).toEqual([7, 8, 9, 10])
    const older = await messages.history({ chatId, before: 7, limit: 4 })
    expect({ seqs: older.messages.map((row) => row.seq), more: older.more }).toEqual({ seqs: [3, 4, 5, 6], more: true })
    const newer = await messages.history({ chatId, after: 6, limit: 100 })
    expect({ seqs: newer.messages.map((row) => row.seq), more: newer.more }).toEqual({
      seqs: [7, 8, 9, 10],
      more: false,
    })
  })

  test('a page of history ends before its texts are too long for one answer, and the next page goes on', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    await addMessages(testApi.deps, chatId, { author: anna, count: 30, body: '🔔'.repeat(limits.message.body) })
    const { messages } = callerFor(testApi.deps, boris)
    const page = await messages.history({ chatId, limit: 100 })
    expect([page.messages.length, page.more]).toEqual([18, true])
    const next = await messages.history({ chatId, before: page.messages[0]!.seq, limit: 100 })
    expect(next.messages.at(-1)!.seq).toBe(page.messages[0]!.seq - 1)
  })

  test('history begins where the member joined when the group hides older messages', async () => {
    const vera = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna])
    await say(testApi.deps, anna, chatId, 'before')
    const caller = callerFor(testApi.deps, anna).chats
    await caller.configure({ chatId, historyForNew: false })
    await caller.addMembers({ chatId, userIds: [vera.userId] })
    await say(testApi.deps, anna, chatId, 'after')
    const seen = await callerFor(testApi.deps, vera).messages.history({ chatId })
    expect(seen.messages.map((row) => row.body ?? row.system?.event)).toEqual(['added', 'after'])
  })

  test('a member who was added later reads older messages unless the group hides them', async () => {
    const vera = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna])
    await say(testApi.deps, anna, chatId, 'before')
    await callerFor(testApi.deps, anna).chats.addMembers({ chatId, userIds: [vera.userId] })
    const seen = await callerFor(testApi.deps, vera).messages.history({ chatId })
    expect(seen.messages.map((row) => row.body ?? row.system?.event)).toEqual(['created', 'before', 'added'])
  })

  test('a deleted message keeps its seq and loses its text', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { seq } = await say(testApi.deps, anna, chatId, 'secret words')
    await callerFor(testApi.deps, anna).messages.delete({ chatId, seq })
    const page = await callerFor(testApi.deps, boris).messages.history({ chatId })
    expect(page.messages.at(-1)).toMatchObject({ seq, body: null, authorId: anna.userId })
    expect(JSON.stringify(page)).not.toContain('secret words')
  })
})

describe('deleting', () => {
  const deleteAs = (who: TestUser, chatId: ChatId, seq: number) =>
    outcomeOf(callerFor(testApi.deps, who).messages.delete({ chatId, seq }))

  test('authors delete their own messages, moderators those of others too, and in a direct chat each their own', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const [hers, his] = [await say(testApi.deps, anna, chatId, 'hers'), await say(testApi.deps, boris, chatId, 'his')]
    expect(await deleteAs(boris, chatId, hers.seq)).toBe('chat.forbidden')
    expect(await deleteAs(anna, chatId, his.seq)).toBe('ok')
    const vera = await newUser(testApi.deps)
    const direct = await newDirect(testApi.deps, vera, boris)
    const { seq } = await say(testApi.deps, vera, direct, 'only mine')
    expect([await deleteAs(boris, direct, seq), await deleteAs(vera, direct, seq)]).toEqual(['chat.forbidden', 'ok'])
  })

  test('what happened in a group is not deleted, nor what is unknown or from before one came', async () => {
    const vera = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { seq } = await say(testApi.deps, anna, chatId, 'before')
    expect([await deleteAs(anna, chatId, 1), await deleteAs(anna, chatId, 999)]).toEqual([
      'chat.forbidden',
      'message.not_found',
    ])
    await callerFor(testApi.deps, anna).chats.configure({ chatId, historyForNew: false })
    await callerFor(testApi.deps, anna).chats.addMembers({ chatId, userIds: [vera.userId] })
    await callerFor(testApi.deps, anna).chats.setRole({ chatId, userId: vera.userId, role: 'moderator' })
    expect(await deleteAs(vera, chatId, seq)).toBe('message.not_found')
  })

  test('deleting twice is the same as once', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { seq } = await say(testApi.deps, anna, chatId, 'twice')
    const { messages } = callerFor(testApi.deps, anna)
    const answers = await Promise.all([messages.delete({ chatId, seq }), messages.delete({ chatId, seq })])
    expect(answers[1]).toEqual(answers[0])
  })
})

describe('reading', () => {
  test('the unread number counts the messages of others after my read position, and nothing else', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const first = await say(testApi.deps, anna, chatId, 'one')
    const second = await say(testApi.deps, anna, chatId, 'two')
    await say(testApi.deps, boris, chatId, 'my own')
    await callerFor(testApi.deps, anna).chats.rename({ chatId, title: 'A system message' })
    expect(await unread(boris, chatId)).toBe(2)
    expect((await callerFor(testApi.deps, boris).messages.read({ chatId, seq: first.seq })).unread.unread).toBe(1)
    await callerFor(testApi.deps, anna).messages.delete({ chatId, seq: second.seq })
    expect(await unread(boris, chatId)).toBe(0)
  })

  test('a read position never moves back and never past the newest message', async () => {
    const chatId = await newDirect(testApi.deps, anna, await newUser(testApi.deps))
    await say(testApi.deps, anna, chatId, 'one')
    const { messages } = callerFor(testApi.deps, anna)
    expect((await messages.read({ chatId, seq: 1_000_000 })).membership.readSeq).toBe(1)
    expect((await messages.read({ chatId, seq: 0 })).membership.readSeq).toBe(1)
  })

  test('a new member does not count as having read older messages', async () => {
    const vera = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { seq } = await say(testApi.deps, anna, chatId, 'has anybody read this?')
    await callerFor(testApi.deps, anna).chats.addMembers({ chatId, userIds: [vera.userId] })
    expect(await positions(anna, chatId)).toEqual({ read: 0, delivered: 0 })
    await callerFor(testApi.deps, boris).messages.read({ chatId, seq })
    expect(await positions(anna, chatId)).toEqual({ read: seq, delivered: 0 })
    const after = await say(testApi.deps, anna, chatId, 'and this?')
    await callerFor(testApi.deps, vera).messages.read({ chatId, seq: after.seq })
    expect(await positions(anna, chatId)).toEqual({ read: after.seq, delivered: 0 })
  })

  test('reading removes the unread mark', async () => {
    const chatId = await newDirect(testApi.deps, anna, await newUser(testApi.deps))
    const caller = callerFor(testApi.deps, anna)
    await caller.chats.setMine({ chatId, unreadMark: true })
    expect((await caller.messages.read({ chatId, seq: 0 })).membership.unreadMark).toBe(false)
  })
})

async function stored(clientId: ClientId): Promise<number> {
  const rows = await testApi.deps.db.selectFrom('messages').select('seq').where('client_id', '=', clientId).execute()
  return rows.length
}

async function unread(who: TestUser, chatId: ChatId): Promise<number | undefined> {
  const answer = await callerFor(testApi.deps, who).sync.scope({ id: chatId, since: 0 })
  return answer.unread?.unread
}

/** The same in every answer of sync. */
async function positions(who: TestUser, chatId: ChatId) {
  const { sync } = callerFor(testApi.deps, who)
  const answer = await sync.scope({ id: chatId, since: 0 })
  const state = await sync.state({ scopes: [[chatId, answer.rev]] })
  expect(state.positions).toEqual([{ chatId, ...answer.positions }])
  return answer.positions
}
