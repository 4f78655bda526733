import { sql } from 'kysely'
import { beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import type { ChatId, MeetingId } from '@veche/shared/ids'
import { newUser, type TestUser } from '../../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../../test/harness.ts'
import { MediaNode } from '../../test/nodes/media-node.ts'
import { addEndedMeetings, join, newMeeting, planOf, seatOf } from '../../test/meetings.ts'
import { lockScopes } from '../../platform/scopes/locks.ts'
import { inTransaction } from '../../platform/transaction.ts'
import { lockWaits } from '../../test/locks.ts'
import { seatCounts, SeatGuard, seatsWithoutRight } from './SeatGuard.ts'
import { meetingScope } from '../../platform/scopes/scope.ts'

let testApi: TestApi
let node: MediaNode
let chatId: ChatId
let meetingId: MeetingId
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  node = await MediaNode.start(testApi.deps)
})
beforeEach(async () => {
  const meeting = await newMeeting(testApi.deps)
  ;({ chatId, meetingId } = meeting)
  ;[anna, boris] = meeting.people as [TestUser, TestUser]
  for (const who of [anna, boris]) node.enter(await join(testApi.deps, who, meetingId))
})
const as = (who: TestUser) => callerFor(testApi.deps, who)
const stateOf = async (who: TestUser) => (await seatOf(testApi.deps, meetingId, who)).state

const reasons: [string, () => Promise<unknown>][] = [
  ['was removed from the chat', () => as(anna).chats.removeMember({ chatId, userId: boris.userId })],
  ['left the chat', () => as(boris).chats.leave({ chatId })],
  [
    'was disabled',
    async () =>
      as(await newUser(testApi.deps, { role: 'owner' })).admin.setDisabled({ userId: boris.userId, disabled: true }),
  ],
  ['signed out of the session that took the seat', () => as(boris).auth.signOut()],
  [
    'has an expired session',
    () =>
      testApi.deps.db
        .updateTable('sessions')
        .set({ expires_at: new Date(0) })
        .where('id', '=', boris.sessionId)
        .execute(),
  ],
]

it.each(reasons)('a person who %s loses the seat, and the node is told at once', async (_why, lose) => {
  await lose()
  await new SeatGuard(testApi.deps).round()
  expect([await stateOf(anna), await stateOf(boris)]).toEqual(['in', 'removed'])
  await expect.poll(() => node.rooms.get(meetingId)?.seats.size).toBe(1)
  const [attendance] = (await as(anna).meetings.attendance({ meetingId })).filter(
    ({ userId }) => userId === boris.userId,
  )
  expect(attendance?.wentAt).not.toBeNull()
})

it('a hint about a person has their seats checked without waiting for the next round', async () => {
  const guard = new SeatGuard(testApi.deps)
  guard.start()
  onTestFinished(() => guard.stop())
  await as(anna).chats.removeMember({ chatId, userId: boris.userId })
  await expect.poll(() => stateOf(boris)).toBe('removed')
})

it('a meeting that is locked for long does not delay removals from other meetings', async () => {
  const other = await newMeeting(testApi.deps)
  const vera = other.people[1]!
  await join(testApi.deps, vera, other.meetingId)
  await as(anna).chats.removeMember({ chatId, userId: boris.userId })
  await as(other.people[0]!).chats.removeMember({ chatId: other.chatId, userId: vera.userId })
  let round: Promise<void> = Promise.resolve()
  await inTransaction(testApi.deps, async (tx) => {
    await lockScopes(tx, [meetingScope(meetingId), meetingScope(other.meetingId)])
    round = new SeatGuard(testApi.deps).round()
    // Neither removal waits for the other one.
    await expect.poll(() => lockWaits(testApi.deps)).toBe(2)
  })
  await round
  // A removal that waited too long for the lock has failed; the next round does it.
  await new SeatGuard(testApi.deps).round()
  expect([await stateOf(boris), (await seatOf(testApi.deps, other.meetingId, vera)).state]).toEqual([
    'removed',
    'removed',
  ])
})

it('a seat that another session of the same person has taken since is not removed', async () => {
  const { sessionId } = boris
  await testApi.deps.db
    .updateTable('seats')
    .set({ session_id: anna.sessionId })
    .where('user_id', '=', boris.userId)
    .execute()
  await testApi.deps.db.updateTable('sessions').set({ revoked_at: new Date() }).where('id', '=', sessionId).execute()
  await new SeatGuard(testApi.deps).round()
  expect(await stateOf(boris)).toBe('in')
})

it('the metrics count the seats that are in and away', async () => {
  const states = ['in', 'away'] as const
  const query = testApi.deps.db.selectFrom('seats').select('id')
  const taken = () =>
    Promise.all(states.map(async (state) => (await query.where('state', '=', state).execute()).length))
  const measured = async () => {
    await new SeatGuard(testApi.deps).round()
    const text = await testApi.deps.metrics.registry.metrics()
    return states.map((state) => Number(new RegExp(`veche_seats{state="${state}"} (\\d+)`).exec(text)?.[1]))
  }
  expect((await taken())[0]).toBeGreaterThan(0)
  // Heartbeats of the node change seats meanwhile.
  await expect.poll(async () => String(await measured()) === String(await taken())).toBe(true)
})

it('the check of every second reads no seats but taken ones', async () => {
  await addEndedMeetings(testApi.deps, { meetingId, userId: anna.userId, count: 1_000 })
  for (const statement of [seatCounts, seatsWithoutRight(sql`true`)])
    expect(await planOf(testApi.deps, statement)).not.toContain('Seq Scan on seats')
})
