import { type ChatId, type InviteId, type MailId, type MeetingId, newId, type ScopeId } from '@veche/shared/ids'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { deleteOldSignInRows } from './auth/retention.ts'
import { deleteEmptiedGroups } from './chats/emptied-groups.ts'
import { readEnv } from './env.ts'
import { deleteOldMails } from './mail/retention.ts'
import { endEmptyMeeting } from './meetings/meeting-end.ts'
import { deleteOldMeetings } from './meetings/ended/retention.ts'
import { deleteInBatches } from './platform/work/batches.ts'
import { deleteOldGivenUpRows } from './platform/work/given-up.ts'
import { giveAvatar } from './test/avatars.ts'
import { addMessages, newGroup, newSession, newUsers, type TestUser } from './test/builders.ts'
import { callerFor, newTestApi, type TestApi } from './test/harness.ts'
import { newInvite } from './test/http/browser.ts'
import { newMail } from './test/mail/mails.ts'
import { addEndedMeetings, join, leave } from './test/meetings.ts'
import { MediaNode } from './test/nodes/media-node.ts'

const settings = {
  KEEP_ATTENDANCES_DAYS: '30',
  KEEP_SEATS_DAYS: '150',
  KEEP_MEETINGS_DAYS: '200',
  KEEP_EMPTIED_GROUPS_DAYS: '120',
  KEEP_INVITATIONS_DAYS: '40',
  KEEP_GIVEN_UP_DAYS: '50',
}

let testApi: TestApi
let node: MediaNode
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi(settings)
  node = await MediaNode.start(testApi.deps)
  ;[anna, boris] = (await newUsers(testApi.deps, [{}, {}])) as [TestUser, TestUser]
})

const as = (who: TestUser) => callerFor(testApi.deps, who)
const passDays = (days: number) => testApi.passTime(days * 86_400_000)

async function clean(): Promise<void> {
  await deleteOldMeetings(testApi.deps)
  await deleteEmptiedGroups(testApi.deps)
}

async function meet(chatId: ChatId): Promise<MeetingId> {
  await node.beat()
  // The earlier ones have expired.
  for (const { userId } of [anna, boris]) await newSession(testApi.deps, userId)
  const { meetingId } = await as(anna).meetings.start({ id: newId<MeetingId>(), chatId })
  for (const who of [anna, boris]) await leave(testApi.deps, who, await join(testApi.deps, who, meetingId))
  await endEmptyMeeting(testApi.deps, meetingId, 0)
  return meetingId
}

async function countOf(table: string, column: string, id: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from ${sql.table(table)} where ${sql.ref(column)} = ${id}`.execute(testApi.deps.db)
  return rows[0]!.count
}

async function leftOfMeeting(id: MeetingId) {
  return {
    attendances: await countOf('attendances', 'meeting_id', id),
    seats: await countOf('seats', 'meeting_id', id),
    meetings: await countOf('meetings', 'id', id),
    scopes: await countOf('scopes', 'id', id),
  }
}

/** What a device that was away hears of scopes that it still holds. */
async function goneFor(who: TestUser, ids: ScopeId[]): Promise<ScopeId[]> {
  const { scopes } = await as(who).sync.state({ scopes: ids.map((id) => [id, 1]) })
  return scopes.filter(({ gone }) => gone).map(({ id }) => id)
}

test('attendances, seats and meetings are deleted each in its time, and a meeting that goes on keeps all of them', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const meetingId = await meet(chatId)
  const { meetingId: live } = await as(anna).meetings.start({ id: newId<MeetingId>(), chatId })
  await join(testApi.deps, anna, live)
  await passDays(29)
  await clean()
  expect(await leftOfMeeting(meetingId)).toEqual({ attendances: 2, seats: 2, meetings: 1, scopes: 1 })
  await passDays(2)
  await clean()
  expect(await leftOfMeeting(meetingId)).toEqual({ attendances: 0, seats: 2, meetings: 1, scopes: 1 })
  expect((await as(anna).meetings.history({})).meetings).toMatchObject([{ meetingId, people: 2 }])
  await passDays(120)
  await clean()
  expect(await leftOfMeeting(meetingId)).toEqual({ attendances: 0, seats: 0, meetings: 1, scopes: 1 })
  await passDays(50)
  await clean()
  expect(await leftOfMeeting(meetingId)).toEqual({ attendances: 0, seats: 0, meetings: 0, scopes: 0 })
  expect(await leftOfMeeting(live)).toEqual({ attendances: 1, seats: 1, meetings: 1, scopes: 1 })
  expect(await goneFor(anna, [meetingId, chatId])).toEqual([meetingId])
  const { messages } = await as(anna).messages.history({ chatId })
  expect(messages.map(({ call }) => call)).toContainEqual(expect.objectContaining({ meetingId, people: 2 }))
})

test('many meetings that ended long ago are deleted in several transactions', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const meetingId = await meet(chatId)
  await addEndedMeetings(testApi.deps, { meetingId, userId: anna.userId, count: 45 })
  await passDays(201)
  await clean()
  expect(await countOf('meetings', 'chat_id', chatId)).toBe(0)
})

test('a deletion in batches that is told to stop keeps what it has done and begins no further batch', async () => {
  const { db } = testApi.deps
  await sql`create table leaves as select n as id from generate_series(1, 30) n`.execute(db)
  const stop = new AbortController()
  let batches = 0
  const statement = (limit: number) => {
    batches += 1
    if (batches === 2) stop.abort()
    return sql`delete from leaves where id in (select id from leaves limit ${limit})`
  }
  await expect(deleteInBatches(db, statement, stop.signal, 10)).rejects.toThrow()
  const { rows } = await sql`select id from leaves`.execute(db)
  expect(rows).toHaveLength(10)
  await deleteInBatches(db, (limit) => sql`delete from leaves where id in (select id from leaves limit ${limit})`)
  expect((await sql`select id from leaves`.execute(db)).rows).toEqual([])
})

test('a group is deleted with its messages and meetings long after its last member left, and devices that hold it hear that it is gone', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const kept = await newGroup(testApi.deps, [anna, boris])
  const meetingId = await meet(chatId)
  await addMessages(testApi.deps, chatId, { author: anna, count: 600, body: 'a word' })
  const avatarId = await giveAvatar(testApi.deps, anna, chatId)
  for (const id of [chatId, kept]) await as(boris).chats.leave({ chatId: id })
  await passDays(119)
  await as(anna).chats.leave({ chatId })
  await passDays(119)
  await clean()
  expect(await countOf('messages', 'chat_id', chatId)).toBeGreaterThan(600)
  await passDays(2)
  await clean()
  for (const [table, column] of [
    ['messages', 'chat_id'],
    ['members', 'chat_id'],
    ['meetings', 'chat_id'],
    ['chats', 'id'],
    ['scopes', 'id'],
  ] as const)
    expect({ table, count: await countOf(table, column, chatId) }).toEqual({ table, count: 0 })
  expect(await countOf('avatars', 'id', avatarId)).toBe(0)
  expect(await countOf('scopes', 'id', meetingId)).toBe(0)
  expect(await goneFor(anna, [chatId, kept])).toEqual([chatId])
})

test('an emptied group whose meeting goes on stays, since people with the link may still come', async () => {
  await node.beat()
  const given = { id: newId<MeetingId>(), chatId: newId<ChatId>(), title: 'Harbour' }
  await as(anna).meetings.create(given)
  await as(anna).chats.leave({ chatId: given.chatId })
  await passDays(121)
  await clean()
  expect(await countOf('chats', 'id', given.chatId)).toBe(1)
})

test('invitations that ended and mail that was given up are deleted in their time', async () => {
  const { deps } = testApi
  const [open, revoked] = [await newInvite(deps), await newInvite(deps)].map(({ id }) => id as InviteId)
  await deps.db
    .updateTable('invites')
    .set({ expires_at: sql`'infinity'` })
    .execute()
  await deps.db
    .updateTable('invites')
    .set({ revoked_at: sql`veche_now()` })
    .where('id', '=', revoked!)
    .execute()
  const mails: MailId[] = [await newMail(deps), await newMail(deps)]
  await deps.db.updateTable('mails').set({ state: 'given_up' }).where('id', '=', mails[0]!).execute()
  const left = async () => ({
    invites: (await deps.db.selectFrom('invites').select('id').execute()).map(({ id }) => id).sort(),
    mails: (await deps.db.selectFrom('mails').select('id').execute()).map(({ id }) => id).sort(),
  })
  const round = async () => {
    await deleteOldSignInRows(deps)
    await deleteOldMails(deps)
    await deleteOldGivenUpRows(deps)
  }
  await passDays(39)
  await round()
  expect(await left()).toEqual({ invites: [open!, revoked!].sort(), mails: mails.toSorted() })
  await passDays(2)
  await round()
  expect(await left()).toEqual({ invites: [open], mails: mails.toSorted() })
  await passDays(10)
  await round()
  expect(await left()).toEqual({ invites: [open], mails: [mails[1]] })
})

test('what devices hold is kept at least until each of them has been told of its end, or for ever', () => {
  const problem = (given: Record<string, string>) => {
    try {
      readEnv(given)
    } catch (error) {
      return String(error)
    }
    return ''
  }
  for (const name of ['KEEP_MEETINGS_DAYS', 'KEEP_SEATS_DAYS', 'KEEP_EMPTIED_GROUPS_DAYS']) {
    expect(problem({ [name]: '99' })).toContain(`${name}: is 0, for ever, or at least 100`)
    expect(problem({ [name]: '100' })).not.toContain(name)
    expect(problem({ [name]: '0' })).not.toContain(name)
  }
  expect(problem({ KEEP_ATTENDANCES_DAYS: '1' })).not.toContain('KEEP_ATTENDANCES_DAYS')
})
