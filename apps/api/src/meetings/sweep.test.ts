import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { MeetingId } from '@veche/shared/ids'
import type { TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import type { MediaNode } from '../test/nodes/media-node.ts'
import { join, leave, meetingRow, newQuietMeeting, seatOf, stopSqlClock } from '../test/meetings.ts'
import { markNodeDead } from '../nodes/known-nodes.ts'
import { sweepMeetings } from './sweep.ts'

const minuteMs = 60_000
let testApi: TestApi
let node: MediaNode
let meetingId: MeetingId
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
})
beforeEach(async () => {
  ;({ node, meetingId, anna, boris } = await newQuietMeeting(testApi))
  await stopSqlClock(testApi)
})
const stateOf = async (who: TestUser) => (await seatOf(testApi.deps, meetingId, who)).state
/** Lets time pass, sends a heartbeat unless told otherwise, and sweeps. */
async function pass(ms: number, given: { heartbeat?: boolean } = {}): Promise<void> {
  await testApi.passTime(ms)
  if (given.heartbeat !== false) await node.beat()
  await sweepMeetings(testApi.deps)
}

it('a seat is kept for ten minutes after its last sign of life, and its stay ends with that sign of life', async () => {
  const joined = await join(testApi.deps, anna, meetingId)
  node.enter(joined)
  await pass(11_000)
  node.setSeat(meetingId, joined.seat.id, 'away')
  await pass(1_000)
  const { seen_at, state } = await seatOf(testApi.deps, meetingId, anna)
  expect(state).toBe('away')
  await pass(10 * minuteMs - 5_000)
  expect(await stateOf(anna)).toBe('away')
  await pass(5_000)
  expect(await stateOf(anna)).toBe('left')
  const [stay] = await callerFor(testApi.deps, anna).meetings.attendance({ meetingId })
  expect(stay?.wentAt).toBe(seen_at.toISOString())
  expect((await meetingRow(testApi.deps, meetingId)).empty_since).not.toBeNull()
})

it('a seat on a dead node is away after five seconds even when nobody rejoins', async () => {
  node.enter(await join(testApi.deps, anna, meetingId))
  // The last sign of life is the heartbeat of the node, which is not written into each seat.
  await pass(9_000)
  await markNodeDead(testApi.deps.db, node)
  await pass(4_000, { heartbeat: false })
  expect(await stateOf(anna)).toBe('in')
  await pass(2_000, { heartbeat: false })
  expect(await stateOf(anna)).toBe('away')
  await pass(10 * minuteMs, { heartbeat: false })
  expect(await stateOf(anna)).toBe('left')
})

it('a seat on a node that is only silent does not change, because its call may go on', async () => {
  const joined = await join(testApi.deps, anna, meetingId)
  const other = await join(testApi.deps, boris, meetingId)
  node.enter(joined)
  node.enter(other)
  node.setSeat(meetingId, other.seat.id, 'away')
  await node.beat()
  await pass(30 * minuteMs, { heartbeat: false })
  expect([await stateOf(anna), await stateOf(boris)]).toEqual(['in', 'away'])
  node.setSeat(meetingId, other.seat.id, 'in')
  await pass(1_000)
  expect([await stateOf(anna), await stateOf(boris)]).toEqual(['in', 'in'])
})

it('a seat that is taken again while it is given up stays taken', async () => {
  const joined = await join(testApi.deps, anna, meetingId)
  node.enter(joined)
  node.setSeat(meetingId, joined.seat.id, 'away')
  await node.beat()
  await testApi.passTime(11 * minuteMs)
  await node.beat()
  await Promise.all([sweepMeetings(testApi.deps), join(testApi.deps, anna, meetingId)])
  await sweepMeetings(testApi.deps)
  expect(await stateOf(anna)).toBe('in')
})

it('an empty meeting ends after half a minute, but not while somebody is away', async () => {
  const joined = await join(testApi.deps, anna, meetingId)
  node.enter(joined)
  node.setSeat(meetingId, joined.seat.id, 'away')
  await pass(minuteMs)
  expect((await meetingRow(testApi.deps, meetingId)).state).toBe('live')
  await leave(testApi.deps, anna, joined)
  await pass(29_000)
  expect((await meetingRow(testApi.deps, meetingId)).state).toBe('live')
  await pass(2_000)
  const ended = await meetingRow(testApi.deps, meetingId)
  expect(ended).toMatchObject({ state: 'ended', ended_at: ended.empty_since })
  await expect.poll(() => node.rooms.size).toBe(0)
})

it('a meeting that nobody joined ends with no duration', async () => {
  await pass(31_000)
  const ended = await meetingRow(testApi.deps, meetingId)
  expect(ended.state).toBe('ended')
  expect(ended.ended_at).toEqual(ended.started_at)
})

it('a seat is given up once when several processes sweep at once', async () => {
  const joined = await join(testApi.deps, anna, meetingId)
  node.enter(joined)
  node.setSeat(meetingId, joined.seat.id, 'away')
  await node.beat()
  await testApi.passTime(11 * minuteMs)
  await node.beat()
  const before = (await seatOf(testApi.deps, meetingId, anna)).rev
  await Promise.all([sweepMeetings(testApi.deps), sweepMeetings(testApi.anotherProcess()), sweepMeetings(testApi.deps)])
  expect(await seatOf(testApi.deps, meetingId, anna)).toMatchObject({ state: 'left', rev: before + 1 })
})

it('a meeting ends once when several processes sweep at once', async () => {
  await testApi.passTime(31_000)
  await Promise.all([sweepMeetings(testApi.deps), sweepMeetings(testApi.anotherProcess()), sweepMeetings(testApi.deps)])
  const { chat_id } = await meetingRow(testApi.deps, meetingId)
  const { messages } = await callerFor(testApi.deps, anna).messages.history({ chatId: chat_id })
  const revs = messages.filter(({ kind }) => kind === 'call').map(({ rev }) => rev)
  const { rev } = await callerFor(testApi.deps, anna).sync.scope({ id: chat_id, since: 0 })
  expect(revs).toEqual([rev])
})
