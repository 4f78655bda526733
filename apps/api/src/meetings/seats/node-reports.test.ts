import { randomUUID } from 'node:crypto'
import type { DB } from '@veche/db/types.gen'
import type { BootId, MeetingId } from '@veche/shared/ids'
import { type RawBuilder, sql, type Transaction } from 'kysely'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { TestUser } from '../../test/builders.ts'
import { type TestApi, newTestApi } from '../../test/harness.ts'
import { lockWaits } from '../../test/locks.ts'
import { MediaNode } from '../../test/nodes/media-node.ts'
import { addEndedMeetings, join, leave, newQuietMeeting, planOf, seatOf, stopSqlClock } from '../../test/meetings.ts'
import { acceptHeartbeat } from '../../nodes/heartbeats.ts'
import { markNodeDead } from '../../nodes/known-nodes.ts'
import { endEmptyMeeting } from '../meeting-end.ts'
import { comparisonOf } from './node-reports.ts'

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
})
const enter = async (who: TestUser) => {
  const joined = await join(testApi.deps, who, meetingId)
  node.enter(joined)
  return joined
}

it('a late heartbeat of a past boot changes no seats', async () => {
  const { seat } = await enter(anna)
  node.setSeat(meetingId, seat.id, 'away')
  const late = node.heartbeat()
  node.boot = randomUUID() as BootId
  await new MediaNode(testApi.deps, node.id).beat()
  expect(await acceptHeartbeat(testApi.deps, late)).toBeNull()
  expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
})

it('a seat that falls silent is away and is in again with its next sign of life, and nothing is written in between', async () => {
  const { seat } = await enter(anna)
  await node.beat()
  const { rev } = await seatOf(testApi.deps, meetingId, anna)
  await node.beat()
  node.setSeat(meetingId, seat.id, 'away')
  await node.beat()
  expect(await seatOf(testApi.deps, meetingId, anna)).toMatchObject({ state: 'away', rev: rev + 1 })
  await node.beat()
  node.setSeat(meetingId, seat.id, 'in')
  await node.beat()
  await node.beat()
  expect(await seatOf(testApi.deps, meetingId, anna)).toMatchObject({ state: 'in', rev: rev + 2 })
})

it('a seat that the node does not know is away after five seconds, because using a ticket takes time', async () => {
  await stopSqlClock(testApi)
  await join(testApi.deps, anna, meetingId)
  await testApi.passTime(4_000)
  await node.beat()
  expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
  await testApi.passTime(1_500)
  await node.beat()
  expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('away')
})

it('a report of an earlier epoch of a seat does not change the seat', async () => {
  const { seat } = await enter(anna)
  node.setSeat(meetingId, seat.id, 'away')
  const stale = node.heartbeat()
  await join(testApi.deps, anna, meetingId)
  await acceptHeartbeat(testApi.deps, stale)
  expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
})

it('signs of life are written every ten seconds at most, without a revision', async () => {
  await stopSqlClock(testApi)
  await enter(anna)
  const before = await seatOf(testApi.deps, meetingId, anna)
  await testApi.passTime(9_000)
  await node.beat()
  expect((await seatOf(testApi.deps, meetingId, anna)).seen_at).toEqual(before.seen_at)
  await testApi.passTime(2_000)
  await node.beat()
  const after = await seatOf(testApi.deps, meetingId, anna)
  expect(after.seen_at.getTime()).toBeGreaterThan(before.seen_at.getTime() + 10_000)
  expect(after.rev).toBe(before.rev)
})

it('the answer to a heartbeat carries the seats that are newer than the node has applied, and nothing afterwards', async () => {
  const joined = await enter(anna)
  const first = await node.beat()
  expect(first?.meetings).toMatchObject([
    { meeting: meetingId, epoch: 1, state: 'live', seats: [{ seat: joined.seat.id, epoch: 1, state: 'in' }] },
  ])
  expect((await node.beat())?.meetings).toEqual([])
  const other = await enter(boris)
  const seats = (await node.beat())?.meetings[0]?.seats.map(({ seat }) => seat)
  expect(seats).toEqual([other.seat.id])
})

it('an answer to a heartbeat that was lost is repeated by whichever process takes the next one', async () => {
  const joined = await enter(anna)
  const lost = await acceptHeartbeat(testApi.anotherProcess(), node.heartbeat())
  expect(lost?.meetings).toMatchObject([{ meeting: meetingId, seats: [{ seat: joined.seat.id }] }])
  expect((await node.beat())?.meetings).toEqual(lost?.meetings)
})

it('a node that reports a meeting of another node changes no seats and is told that the meeting has moved', async () => {
  const { seat } = await enter(anna)
  const other = new MediaNode(testApi.deps)
  other.rooms.set(meetingId, { epoch: 1, rev: 0, seats: new Map([[seat.id, { epoch: 1, state: 'away' }]]) })
  expect((await other.beat())?.meetings).toMatchObject([{ meeting: meetingId, state: 'moved', seats: [] }])
  expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
})

it('an update that was lost comes with the answer to the next heartbeat', async () => {
  const joined = await enter(anna)
  await enter(boris)
  await node.beat()
  const apply = node.apply.bind(node)
  // The update is lost.
  node.apply = () => undefined
  await leave(testApi.deps, anna, joined)
  node.apply = apply
  await node.beat()
  expect(node.rooms.get(meetingId)?.seats.has(joined.seat.id)).toBe(false)
})

it('the answer to a heartbeat names peers without a right to be there, whatever revision the node has applied', async () => {
  const joined = await enter(anna)
  await leave(testApi.deps, anna, joined)
  node.enter(joined)
  node.rooms.get(meetingId)!.rev = 1_000
  expect((await node.beat())?.meetings[0]?.seats).toMatchObject([{ seat: joined.seat.id, state: 'left' }])
  const again = await enter(anna)
  node.rooms.get(meetingId)!.seats.set(again.seat.id, { epoch: 1, state: 'in' })
  node.rooms.get(meetingId)!.rev = 1_000
  expect((await node.beat())?.meetings[0]?.seats).toMatchObject([{ seat: again.seat.id, epoch: 2 }])
})

it('a node is told when a meeting that it reports has moved or ended', async () => {
  const joined = await enter(anna)
  const other = await MediaNode.start(testApi.deps)
  await markNodeDead(testApi.deps.db, node)
  const moved = await join(testApi.deps, anna, meetingId)
  expect(moved.node.id).toBe(other.id)
  expect((await node.beat())?.meetings).toMatchObject([{ meeting: meetingId, state: 'moved', epoch: 2 }])
  expect(node.rooms.size).toBe(0)
  await leave(testApi.deps, anna, moved)
  await endEmptyMeeting(testApi.deps, meetingId, 0)
  node.enter(joined)
  expect((await node.beat())?.meetings).toMatchObject([{ meeting: meetingId, state: 'ended' }])
  await other.kill()
})

it('a meeting that came back to a node starts there again, and a room of the present epoch is not closed', async () => {
  await enter(anna)
  await testApi.deps.db.updateTable('meetings').set({ epoch: 3 }).where('id', '=', meetingId).execute()
  expect((await node.beat())?.meetings).toMatchObject([{ state: 'live', epoch: 3 }])
  expect(node.rooms.has(meetingId)).toBe(false)
  node.enter(await join(testApi.deps, anna, meetingId), 3)
  await node.beat()
  expect(node.rooms.get(meetingId)).toMatchObject({ epoch: 3 })
})

it('a node is told that an unknown meeting has ended, as after a restored backup', async () => {
  node.rooms.set(randomUUID() as MeetingId, { epoch: 4, rev: 9, seats: new Map() })
  expect((await node.beat())?.meetings).toMatchObject([{ state: 'ended', epoch: 4 }])
  expect(node.rooms.size).toBe(0)
})

it('any API process can take a heartbeat', async () => {
  const joined = await enter(anna)
  const another = testApi.anotherProcess()
  node.setSeat(meetingId, joined.seat.id, 'away')
  expect((await node.beat(another))?.keys).toEqual(testApi.deps.tickets.publicKeys)
  expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('away')
})

/** Runs `during` while a heartbeat waits for this lock. */
async function whileHeartbeatWaits(
  locked: RawBuilder<unknown>,
  during: (tx: Transaction<DB>) => Promise<unknown>,
): Promise<void> {
  let heartbeat: Promise<unknown> = Promise.resolve()
  await testApi.deps.db.transaction().execute(async (tx) => {
    await locked.execute(tx)
    heartbeat = node.beat()
    heartbeat.catch(() => undefined)
    await during(tx)
  })
  await heartbeat
}
it('a heartbeat does not wait for a locked seat when it notes signs of life', async () => {
  await enter(anna)
  await enter(boris)
  await testApi.passTime(11_000)
  await testApi.deps.db.transaction().execute(async (tx) => {
    await sql`select from seats where meeting_id = ${meetingId} and user_id = ${anna.userId} for update`.execute(tx)
    expect(await node.beat()).not.toBeNull()
  })
  const [locked, free] = [await seatOf(testApi.deps, meetingId, anna), await seatOf(testApi.deps, meetingId, boris)]
  expect(free.seen_at.getTime()).toBeGreaterThan(locked.seen_at.getTime() + 10_000)
})

it('a heartbeat changes no seats of a meeting that moves away while it waits for the lock', async () => {
  const { seat } = await enter(anna)
  node.setSeat(meetingId, seat.id, 'away')
  await whileHeartbeatWaits(sql`select from scopes where id = ${meetingId} for update`, async (tx) => {
    await expect.poll(() => lockWaits(testApi.deps)).toBe(1)
    await tx
      .updateTable('meetings')
      .set({ epoch: 2, node_boot: randomUUID() as BootId })
      .where('id', '=', meetingId)
      .execute()
  })
  expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
})

it('a heartbeat notes the sign of life of a returned seat before it writes the state, so that the seat does not count as given up meanwhile', async () => {
  const { seat } = await enter(anna)
  node.setSeat(meetingId, seat.id, 'away')
  await node.beat()
  await testApi.passTime(11 * 60_000)
  node.setSeat(meetingId, seat.id, 'in')
  await whileHeartbeatWaits(sql`select from scopes where id = ${meetingId} for update`, async () => {
    await expect.poll(() => lockWaits(testApi.deps)).toBe(1)
    const { state, seen_at } = await seatOf(testApi.deps, meetingId, anna)
    expect(state).toBe('away')
    expect(testApi.clock.now() - seen_at.getTime()).toBeLessThan(60_000)
  })
})

it('a heartbeat reads no meetings but those of its node', async () => {
  const joined = await enter(anna)
  await addEndedMeetings(testApi.deps, { meetingId, userId: anna.userId, count: 1_000 })
  expect(await planOf(testApi.deps, comparisonOf(node.heartbeat()))).not.toMatch(/Seq Scan on (meetings|scopes)/)
  expect((await node.beat())?.meetings[0]?.seats).toMatchObject([{ seat: joined.seat.id }])
})
