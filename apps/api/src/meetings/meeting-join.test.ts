import { type MeetingId, newId, type TabId } from '@veche/shared/ids'
import { meetingLimits } from '@veche/shared/meeting-limits'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { newUser, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { lockWaits } from '../test/locks.ts'
import type { MediaNode } from '../test/nodes/media-node.ts'
import { Observer } from '../test/Observer.ts'
import { join, leave, meetingRow, newMeeting, newOnlyNode, newTab, seatOf, stopSqlClock } from '../test/meetings.ts'
import { deleteOldSignInRows } from '../auth/retention.ts'
import { endEmptyMeeting } from './meeting-end.ts'
import { SeatGuard } from './seats/SeatGuard.ts'
import { changeScopes } from '../platform/scopes/changes.ts'
import { lockScopes } from '../platform/scopes/locks.ts'
import { inTransaction } from '../platform/transaction.ts'
import type { DB } from '@veche/db/types.gen'
import { sql, type Transaction } from 'kysely'
import { meetingScope, userScope } from '../platform/scopes/scope.ts'

let testApi: TestApi
let node: MediaNode
beforeAll(async () => {
  testApi = await newTestApi()
})
beforeEach(async () => {
  node = await newOnlyNode(testApi)
})
const as = (who: TestUser) => callerFor(testApi.deps, who)

type Tx = Transaction<DB>
type Two = Awaited<ReturnType<typeof two>>
async function two() {
  const { people, ...meeting } = await newMeeting(testApi.deps)
  return { ...meeting, anna: people[0]!, boris: people[1]! }
}

it('a person who joins again gets the same seat with a higher epoch, and their attendance goes on', async () => {
  const { meetingId, anna } = await two()
  const tab = newTab()
  const first = await join(testApi.deps, anna, meetingId, { tab })
  const again = await join(testApi.deps, anna, meetingId, { tab })
  const elsewhere = await join(testApi.deps, anna, meetingId)
  expect([first, again, elsewhere].map(({ seatEpoch }) => seatEpoch)).toEqual([1, 2, 3])
  expect(new Set([first, again, elsewhere].map(({ seat }) => seat.id)).size).toBe(1)
  expect(await as(anna).meetings.attendance({ meetingId })).toHaveLength(1)
  expect((await as(anna).meetings.get({ meetingId })).count).toBe(1)
})

it('everybody who joins is told when somebody first came, also when that person has left and the link is older', async () => {
  const { meetingId, anna, boris } = await two()
  const first = await join(testApi.deps, anna, meetingId)
  const [stay] = await as(anna).meetings.attendance({ meetingId })
  await leave(testApi.deps, anna, first)
  const second = await join(testApi.deps, boris, meetingId)
  expect([first.firstCameAt, second.firstCameAt]).toEqual([stay!.cameAt, stay!.cameAt])
})

it('many tabs of one person that join at once get different epochs, and the last one has the seat', async () => {
  const { meetingId, anna } = await two()
  const tabs = Array.from({ length: 6 }, newTab)
  const answers = await Promise.all(tabs.map((tab) => join(testApi.deps, anna, meetingId, { tab })))
  expect(answers.map(({ seatEpoch }) => seatEpoch).sort()).toEqual([1, 2, 3, 4, 5, 6])
  const last = answers.find(({ seatEpoch }) => seatEpoch === 6)!
  expect(await seatOf(testApi.deps, meetingId, anna)).toMatchObject({ epoch: 6, tab: tabs[answers.indexOf(last)] })
  expect((await as(anna).meetings.get({ meetingId })).count).toBe(1)
})

it('a tab that returns by itself gets its own seat or an error, and never takes the seat of another tab', async () => {
  const { meetingId, anna, boris } = await two()
  const [tab, other] = [newTab(), newTab()]
  const rejoin = (asked: TabId) => join(testApi.deps, anna, meetingId, { tab: asked, returning: true })
  await expect(rejoin(tab)).rejects.toThrow('meeting.not_seated')
  const joined = await join(testApi.deps, anna, meetingId, { tab })
  expect((await rejoin(tab)).seatEpoch).toBe(2)
  await leave(testApi.deps, anna, { ...joined, seatEpoch: 2 })
  expect((await rejoin(tab)).seatEpoch).toBe(3)
  const taken = await join(testApi.deps, anna, meetingId, { tab: other })
  await expect(rejoin(tab)).rejects.toThrow('meeting.seat_taken')
  expect((await seatOf(testApi.deps, meetingId, anna)).tab).toBe(other)
  await leave(testApi.deps, anna, taken)
  await expect(rejoin(tab)).rejects.toThrow('meeting.not_seated')
  await expect(join(testApi.deps, boris, meetingId, { tab: newId<TabId>(), returning: true })).rejects.toThrow(
    'meeting.not_seated',
  )
})

it('a seat is told with its tab to the devices of its own person only', async () => {
  const { meetingId, chatId, anna, boris } = await two()
  const tab = newTab()
  const { seat } = await join(testApi.deps, anna, meetingId, { tab })
  const mySeats = async (who: TestUser) => (await as(who).sync.scope({ id: who.userId, since: 0 })).rows.mySeats ?? []
  expect(await mySeats(anna)).toMatchObject([{ seatId: seat.id, meetingId, chatId, tab, state: 'in' }])
  expect(await mySeats(boris)).toEqual([])
  const rows = (await as(anna).sync.scope({ id: meetingId, since: 0 })).rows
  expect(JSON.stringify(rows)).not.toContain(tab)
  expect(JSON.stringify(rows)).not.toContain(node.id)
})

it('a repeated leave does nothing, and neither does the leave of a tab that lost its seat to another tab', async () => {
  const { meetingId, anna } = await two()
  const first = await join(testApi.deps, anna, meetingId)
  const second = await join(testApi.deps, anna, meetingId)
  await leave(testApi.deps, anna, first)
  expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
  await stopSqlClock(testApi)
  await leave(testApi.deps, anna, second)
  const left = await seatOf(testApi.deps, meetingId, anna)
  expect(left).toMatchObject({ state: 'left', left_at: expect.any(Date) })
  await leave(testApi.deps, anna, second)
  expect((await seatOf(testApi.deps, meetingId, anna)).rev).toBe(left.rev)
  const [stay] = await as(anna).meetings.attendance({ meetingId })
  expect(stay!.wentAt).toBe(left.left_at!.toISOString())
})

it('a call of a chat ends when the last person leaves by hand, but not when they close the page, nor while somebody is away', async () => {
  const { meetingId, anna, boris } = await two()
  const state = async (id: MeetingId) => (await meetingRow(testApi.deps, id)).state
  const joined = await join(testApi.deps, anna, meetingId)
  const other = await join(testApi.deps, boris, meetingId)
  await leave(testApi.deps, anna, joined, { byHand: true })
  expect(await state(meetingId)).toBe('live')
  await leave(testApi.deps, boris, other)
  expect(await state(meetingId)).toBe('live')
  const again = await join(testApi.deps, boris, meetingId)
  await leave(testApi.deps, boris, again, { byHand: true })
  expect(await state(meetingId)).toBe('ended')
  await leave(testApi.deps, boris, again, { byHand: true })
})

it('a person who starts a call while the last one leaves it gets a call that goes on', async () => {
  const { chatId, meetingId, anna, boris } = await two()
  const joined = await join(testApi.deps, anna, meetingId)
  const [started] = await Promise.all([
    as(boris).meetings.start({ id: newId(), chatId }),
    leave(testApi.deps, anna, joined, { byHand: true }),
  ])
  const state = (await meetingRow(testApi.deps, started.meetingId)).state
  // Either the start came first, and Boris is told of the end as he joins, or the end did, and his call is another one.
  expect(state).toBe(started.meetingId === meetingId ? 'ended' : 'live')
})

it('a meeting by link waits for those who come back, even when the last person leaves by hand', async () => {
  const anna = await newUser(testApi.deps)
  const { meetingId } = await as(anna).meetings.create({ id: newId(), chatId: newId(), title: 'Open meeting' })
  await leave(testApi.deps, anna, await join(testApi.deps, anna, meetingId), { byHand: true })
  expect((await meetingRow(testApi.deps, meetingId)).state).toBe('live')
})

it('leaving and joining again count as two stays in the attendance', async () => {
  const { meetingId, anna } = await two()
  await leave(testApi.deps, anna, await join(testApi.deps, anna, meetingId))
  await join(testApi.deps, anna, meetingId)
  const stays = await as(anna).meetings.attendance({ meetingId })
  expect(stays.map(({ wentAt }) => wentAt === null)).toEqual([false, true])
})

it('a person who has left gets no more frames of the meeting and drops its rows, and the others are told', async () => {
  const { meetingId, anna, boris } = await two()
  const joined = await join(testApi.deps, anna, meetingId)
  const other = await join(testApi.deps, boris, meetingId)
  const [gone, stayed] = [await Observer.open(testApi.deps, anna), await Observer.open(testApi.deps, boris)]
  expect(gone.held.has(meetingId)).toBe(true)
  await leave(testApi.deps, anna, joined)
  const { rev } = await seatOf(testApi.deps, meetingId, anna)
  await join(testApi.deps, boris, meetingId, { tab: newTab() })
  await expect.poll(() => gone.held.has(meetingId)).toBe(false)
  await stayed.expectEqualsFetch()
  expect(stayed.rows('seats').map(({ id }) => id)).toEqual([other.seat.id])
  await gone.expectEqualsFetch()
  expect(gone.frames.filter((frame) => frame.id === meetingId && frame.rev >= rev)).toEqual([])
  const answer = await as(anna).sync.state({ scopes: [[meetingId, joined.seat.rev]] })
  expect(answer.scopes.find(({ id }) => id === meetingId)).toMatchObject({ gone: true, rows: {} })
})

it('an ended meeting cannot be joined, and a meeting that is joined before it ends goes on', async () => {
  const { meetingId, anna, boris } = await two()
  const outcomes = await Promise.allSettled([
    endEmptyMeeting(testApi.deps, meetingId, 0),
    join(testApi.deps, anna, meetingId),
    endEmptyMeeting(testApi.deps, meetingId, 0),
  ])
  const { state } = await meetingRow(testApi.deps, meetingId)
  expect(outcomes[1].status).toBe(state === 'live' ? 'fulfilled' : 'rejected')
  if (state === 'live') await leave(testApi.deps, anna, await join(testApi.deps, anna, meetingId))
  await endEmptyMeeting(testApi.deps, meetingId, 0)
  await expect(join(testApi.deps, boris, meetingId)).rejects.toThrow('meeting.ended')
})

it('a full meeting cannot be joined by more people, and a person who has a seat in it can rejoin', async () => {
  const { meetingId, anna, boris } = await two()
  const tab = newTab()
  await join(testApi.deps, anna, meetingId, { tab })
  await sql`with made as (
        insert into scopes (id, kind, rev) select gen_random_uuid(), 'user', 1 from generate_series(2, ${meetingLimits.seats}) returning id),
      people as (insert into users (id, handle, name, email, role, rev)
        select id, id::text, 'Crowd', id::text, 'member', 1 from made returning id)
      insert into seats (id, meeting_id, user_id, session_id, tab, state, capabilities, since_rev, rev, user_rev)
        select gen_random_uuid(), ${meetingId}::uuid, id, (select session_id from seats where meeting_id = ${meetingId} limit 1),
          gen_random_uuid(), 'in', '{}', 1, 1, 1 from people`.execute(testApi.deps.db)
  await expect(join(testApi.deps, boris, meetingId)).rejects.toThrow('meeting.full')
  expect((await join(testApi.deps, anna, meetingId, { tab, returning: true })).seatEpoch).toBe(2)
})

it('a removed member cannot rejoin or see the meeting by its open link, and a member who left by themselves can rejoin', async () => {
  const [owner, member, other] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
  const open = await as(owner).meetings.create({ id: newId(), chatId: newId(), title: 'Open' })
  const { meetingId, code, chatId } = open
  await join(testApi.deps, member, meetingId, { code })
  await leave(testApi.deps, other, await join(testApi.deps, other, meetingId, { code }))
  for (const { userId } of [member, other]) await as(owner).chats.removeMember({ chatId, userId })
  for (const who of [member, other]) {
    await expect(join(testApi.deps, who, meetingId, { code })).rejects.toThrow('meeting.forbidden')
    await expect(as(who).meetings.byCode({ code })).rejects.toThrow('meeting.forbidden')
  }
  await as(owner).chats.addMembers({ chatId, userIds: [member.userId] })
  await as(member).chats.leave({ chatId })
  await new SeatGuard(testApi.deps).round()
  expect((await seatOf(testApi.deps, meetingId, member)).state).toBe('removed')
  expect((await join(testApi.deps, member, meetingId, { code })).seat.state).toBe('in')
})

it('many joins of one meeting at once use four database connections, and another meeting can be joined meanwhile', async () => {
  const { people, meetingId } = await newMeeting(testApi.deps, 12)
  const other = await two()
  let asked: Promise<unknown>[] = []
  await inTransaction(testApi.deps, async (tx) => {
    await lockScopes(tx, [meetingScope(meetingId)])
    asked = people.map((who) => join(testApi.deps, who, meetingId))
    await expect.poll(() => lockWaits(testApi.deps)).toBe(4)
    await join(testApi.deps, other.anna, other.meetingId)
  })
  await Promise.allSettled(asked)
})

it.each([
  [
    'was signed out',
    'auth.required',
    (tx: Tx, { anna }: Two) =>
      tx.updateTable('sessions').set({ revoked_at: new Date() }).where('id', '=', anna.sessionId).execute(),
  ],
  [
    'was removed from its chat',
    'meeting.not_found',
    (tx: Tx, { anna, chatId }: Two) =>
      tx
        .updateTable('members')
        .set({ left_at: new Date() })
        .where('chat_id', '=', chatId)
        .where('user_id', '=', anna.userId)
        .execute(),
  ],
] as const)('a person who %s while they waited for the lock cannot join', async (_why, code, lose) => {
  const meeting = await two()
  const { meetingId, anna } = meeting
  let asked: Promise<unknown> = Promise.resolve()
  await changeScopes(testApi.deps, [userScope(anna.userId)], async (tx) => {
    asked = join(testApi.deps, anna, meetingId)
    asked.catch(() => undefined)
    await expect.poll(() => lockWaits(testApi.deps)).toBe(1)
    await lose(tx.db, meeting)
  })
  await expect(asked).rejects.toThrow(code)
  const seats = testApi.deps.db.selectFrom('seats').select('id').where('meeting_id', '=', meetingId)
  expect(await seats.execute()).toEqual([])
})

it('a session that ended long ago is deleted although it once took a seat', async () => {
  const { meetingId, anna } = await two()
  await leave(testApi.deps, anna, await join(testApi.deps, anna, meetingId))
  const long = new Date(testApi.clock.now() - 101 * 86_400_000)
  const session = testApi.deps.db.updateTable('sessions').set({ revoked_at: long })
  await session.where('id', '=', anna.sessionId).execute()
  await deleteOldSignInRows(testApi.deps)
  const left = testApi.deps.db.selectFrom('sessions').select('id').where('id', '=', anna.sessionId)
  expect(await left.execute()).toEqual([])
})

it('a meeting can be started, joined and left without Redis', async () => {
  const deps = testApi.anotherProcess({ REDIS_URL: '/nonexistent/redis.sock' })
  const { people, meetingId } = await newMeeting(deps)
  const joined = await join(deps, people[1]!, meetingId)
  await leave(deps, people[1]!, joined)
  expect((await seatOf(deps, meetingId, people[1]!)).state).toBe('left')
})
