import { type ClientId, type DialogId, newId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { beforeAll, describe, expect, it } from 'vitest'
import { bury, newDirect, newGroup, newUser, say, type TestUser } from '../test/builders.ts'
import { callerFor, type House, newHouse } from '../test/harness.ts'

let house: House
let anna: TestUser
let boris: TestUser
let group: DialogId
beforeAll(async () => {
  house = await newHouse()
  ;[anna, boris] = [await newUser(house.deps), await newUser(house.deps)]
  group = await newGroup(house.deps, [anna, boris])
})

const send = (who: TestUser, body: string, clientId = newId<ClientId>(), dialogId = group) =>
  callerFor(house.deps, who).messages.send({ dialogId, clientId, body })

describe('sending', () => {
  it('a retry with the same client id answers the stored message and stores nothing', async () => {
    const clientId = newId<ClientId>()
    const first = await send(anna, 'once', clientId)
    const second = await send(anna, 'once', clientId)
    expect(second.message).toEqual(first.message)
    expect(await stored(clientId)).toBe(1)
  })

  it('ten tries at once store one message', async () => {
    const clientId = newId<ClientId>()
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(anna, 'at once', clientId)))
    expect(new Set(answers.map(({ message }) => message.seq)).size).toBe(1)
    expect(await stored(clientId)).toBe(1)
  })

  it('another text, or another dialog, under the same client id is a conflict', async () => {
    const clientId = newId<ClientId>()
    await send(anna, 'one text', clientId)
    await expect(send(anna, 'another text', clientId)).rejects.toThrow('message.conflict')
    const other = await newGroup(house.deps, [anna])
    await expect(send(anna, 'one text', clientId, other)).rejects.toThrow('message.conflict')
  })

  it('the same client id in two dialogs at once is stored in one of them, and a conflict in the other', async () => {
    const clientId = newId<ClientId>()
    const other = await newGroup(house.deps, [anna])
    const answers = await Promise.allSettled(
      [group, other, group, other].map((dialogId) => send(anna, 'in one of them', clientId, dialogId)),
    )
    expect(await stored(clientId)).toBe(1)
    const refused = answers.filter((answer) => answer.status === 'rejected')
    expect(refused.map(({ reason }) => (reason as Error).message)).toEqual(['message.conflict', 'message.conflict'])
  })

  it('the same client id of another person is another message', async () => {
    const clientId = newId<ClientId>()
    const [mine, theirs] = [await send(anna, 'mine', clientId), await send(boris, 'theirs', clientId)]
    expect(mine.message.seq).not.toBe(theirs.message.seq)
  })

  it('a removed person still learns that a message was stored before', async () => {
    const vera = await newUser(house.deps)
    const dialogId = await newGroup(house.deps, [anna, vera])
    const clientId = newId<ClientId>()
    const first = await send(vera, 'the answer was lost', clientId, dialogId)
    await callerFor(house.deps, anna).dialogs.removeMember({ dialogId, userId: vera.userId })
    expect((await send(vera, 'the answer was lost', clientId, dialogId)).message.id).toBe(first.message.id)
    await expect(send(vera, 'something new', newId<ClientId>(), dialogId)).rejects.toThrow('dialog.not_found')
  })

  it('seq has no holes and revisions follow it, whoever sends at once', async () => {
    const dialogId = await newGroup(house.deps, [anna, boris])
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => send(i % 2 ? anna : boris, `message ${i}`, newId<ClientId>(), dialogId)),
    )
    const rows = await house.deps.db
      .selectFrom('messages')
      .select(['seq', 'rev'])
      .where('dialog_id', '=', dialogId)
      .orderBy('seq')
      .execute()
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 61 }, (_, i) => i + 1))
    expect(rows.map((row) => row.rev)).toEqual([...rows.map((row) => row.rev)].sort((a, b) => a - b))
  })

  it('a client id older than ninety days is refused', async () => {
    const old = newId<ClientId>(house.clock.now() - limits.clientIdDays * 86_400_000 - 1_000)
    await expect(send(anna, 'too late', old)).rejects.toThrow('message.client_id_expired')
  })

  it('a text is composed and trimmed, counted in code points, and refused beyond its limit or empty', async () => {
    const decomposed = '  и\u0306ога\r\nвторая строка  '
    expect((await send(anna, decomposed)).message.body).toBe('йога\nвторая строка')
    expect((await send(anna, '🔔'.repeat(limits.message.body))).message.body).toHaveLength(limits.message.body * 2)
    await expect(send(anna, 'а'.repeat(limits.message.body + 1))).rejects.toThrow('message.too_long')
    await expect(send(anna, ' \n\u0007 ')).rejects.toThrow('message.empty')
  })

  it('somebody who is no member meets the same error as for a dialog that does not exist', async () => {
    const stranger = await newUser(house.deps)
    await expect(send(stranger, 'hello')).rejects.toThrow('dialog.not_found')
    await expect(send(stranger, 'hello', newId<ClientId>(), newId<DialogId>())).rejects.toThrow('dialog.not_found')
    // The id of a scope that is no dialog.
    await expect(send(stranger, 'hello', newId<ClientId>(), anna.userId as never)).rejects.toThrow('dialog.not_found')
  })
})

describe('history', () => {
  it('is read by pages in both directions, without holes and without doubles', async () => {
    const dialogId = await newGroup(house.deps, [anna])
    for (let i = 0; i < 9; i += 1) await say(house.deps, anna, dialogId, `m${i}`)
    const { messages } = callerFor(house.deps, anna)
    const newest = await messages.history({ dialogId, limit: 4 })
    expect(newest.messages.map((row) => row.seq)).toEqual([7, 8, 9, 10])
    const older = await messages.history({ dialogId, before: 7, limit: 4 })
    expect({ seqs: older.messages.map((row) => row.seq), more: older.more }).toEqual({ seqs: [3, 4, 5, 6], more: true })
    const newer = await messages.history({ dialogId, after: 6, limit: 100 })
    expect({ seqs: newer.messages.map((row) => row.seq), more: newer.more }).toEqual({
      seqs: [7, 8, 9, 10],
      more: false,
    })
  })

  it('begins where somebody joined when the group hides what was before', async () => {
    const vera = await newUser(house.deps)
    const dialogId = await newGroup(house.deps, [anna])
    await say(house.deps, anna, dialogId, 'before')
    const caller = callerFor(house.deps, anna).dialogs
    await caller.configure({ dialogId, historyForNew: false })
    await caller.addMembers({ dialogId, userIds: [vera.userId] })
    await say(house.deps, anna, dialogId, 'after')
    const seen = await callerFor(house.deps, vera).messages.history({ dialogId })
    expect(seen.messages.map((row) => row.body ?? row.system?.event)).toEqual(['added', 'after'])
  })

  it('a deleted message keeps its place without its words', async () => {
    const dialogId = await newGroup(house.deps, [anna, boris])
    const { seq } = await say(house.deps, anna, dialogId, 'secret words')
    await bury(house.deps, dialogId, seq)
    const page = await callerFor(house.deps, boris).messages.history({ dialogId })
    expect(page.messages.at(-1)).toMatchObject({ seq, body: null, authorId: anna.userId })
    expect(JSON.stringify(page)).not.toContain('secret words')
  })
})

describe('reading', () => {
  it('unread counts the words of others after my position, and nothing else', async () => {
    const dialogId = await newGroup(house.deps, [anna, boris])
    const first = await say(house.deps, anna, dialogId, 'one')
    const second = await say(house.deps, anna, dialogId, 'two')
    await say(house.deps, boris, dialogId, 'my own')
    await callerFor(house.deps, anna).dialogs.rename({ dialogId, title: 'A system message' })
    expect(await unread(boris, dialogId)).toBe(2)
    expect((await callerFor(house.deps, boris).messages.read({ dialogId, seq: first.seq })).unread.unread).toBe(1)
    await bury(house.deps, dialogId, second.seq)
    expect(await unread(boris, dialogId)).toBe(0)
  })

  it('a position never moves back and never past the newest message', async () => {
    const dialogId = await newDirect(house.deps, anna, await newUser(house.deps))
    await say(house.deps, anna, dialogId, 'one')
    const { messages } = callerFor(house.deps, anna)
    expect((await messages.read({ dialogId, seq: 1_000_000 })).membership.readSeq).toBe(1)
    expect((await messages.read({ dialogId, seq: 0 })).membership.readSeq).toBe(1)
  })

  it('whoever is added has not read what was written before, and has read what they read', async () => {
    const vera = await newUser(house.deps)
    const dialogId = await newGroup(house.deps, [anna, boris])
    const { seq } = await say(house.deps, anna, dialogId, 'has anybody read this?')
    await callerFor(house.deps, anna).dialogs.addMembers({ dialogId, userIds: [vera.userId] })
    expect(await positions(anna, dialogId)).toEqual({ read: 0, delivered: 0 })
    await callerFor(house.deps, boris).messages.read({ dialogId, seq })
    expect(await positions(anna, dialogId)).toEqual({ read: seq, delivered: 0 })
    const after = await say(house.deps, anna, dialogId, 'and this?')
    await callerFor(house.deps, vera).messages.read({ dialogId, seq: after.seq })
    expect(await positions(anna, dialogId)).toEqual({ read: after.seq, delivered: 0 })
  })

  it('reading takes the mark of unread away', async () => {
    const dialogId = await newDirect(house.deps, anna, await newUser(house.deps))
    const caller = callerFor(house.deps, anna)
    await caller.dialogs.setMine({ dialogId, unreadMark: true })
    expect((await caller.messages.read({ dialogId, seq: 0 })).membership.unreadMark).toBe(false)
  })
})

async function stored(clientId: ClientId): Promise<number> {
  const rows = await house.deps.db.selectFrom('messages').select('seq').where('client_id', '=', clientId).execute()
  return rows.length
}

async function unread(who: TestUser, dialogId: DialogId): Promise<number | undefined> {
  const answer = await callerFor(house.deps, who).sync.scope({ id: dialogId, since: 0 })
  return answer.unread?.unread
}

/** The same in every answer of sync. */
async function positions(who: TestUser, dialogId: DialogId) {
  const { sync } = callerFor(house.deps, who)
  const answer = await sync.scope({ id: dialogId, since: 0 })
  const state = await sync.state({ scopes: [[dialogId, answer.rev]] })
  expect(state.positions).toEqual([{ dialogId, ...answer.positions }])
  return answer.positions
}
