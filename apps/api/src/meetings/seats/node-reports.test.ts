import { randomUUID } from 'node:crypto'
import type { DB } from '@veche/db/types.gen'
import type { BootId, MeetingId } from '@veche/shared/ids'
import { type RawBuilder, sql, type Transaction } from 'kysely'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { TestUser } from '../../test/builders.ts'
import { type House, newHouse } from '../../test/harness.ts'
import { lockWaits } from '../../test/locks.ts'
import { MediaNode } from '../../test/media-node.ts'
import { addEndedMeetings, join, leave, newQuietMeeting, planOf, seatOf, stopSqlClock } from '../../test/meetings.ts'
import { acceptHeartbeat } from '../../nodes/heartbeats.ts'
import { markNodeDead } from '../../nodes/known-nodes.ts'
import { endEmptyMeeting } from '../meeting-end.ts'
import { comparisonOf } from './node-reports.ts'

let house: House
let node: MediaNode
let meetingId: MeetingId
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  house = await newHouse()
})
beforeEach(async () => {
  ;({ node, meetingId, anna, boris } = await newQuietMeeting(house))
})
const enter = async (who: TestUser) => {
  const joined = await join(house.deps, who, meetingId)
  node.enter(joined)
  return joined
}

it('a late heartbeat of a past boot changes no seats', async () => {
  const { seat } = await enter(anna)
  node.setSeat(meetingId, seat.id, 'away')
  const late = node.heartbeat()
  node.boot = randomUUID() as BootId
  await new MediaNode(house.deps, node.id).beat()
  expect(await acceptHeartbeat(house.deps, late)).toBeNull()
  expect((await seatOf(house.deps, meetingId, anna)).state).toBe('in')
})

it('a seat that falls silent is away and is in again with its next sign of life, and nothing is written in between', async () => {
  const { seat } = await enter(anna)
  await node.beat()
  const { rev } = await seatOf(house.deps, meetingId, anna)
  await node.beat()
  node.setSeat(meetingId, seat.id, 'away')
  await node.beat()
  expect(await seatOf(house.deps, meetingId, anna)).toMatchObject({ state: 'away', rev: rev + 1 })
  await node.beat()
  node.setSeat(meetingId, seat.id, 'in')
  await node.beat()
  await node.beat()
  expect(await seatOf(house.deps, meetingId, anna)).toMatchObject({ state: 'in', rev: rev + 2 })
})

it('a seat that the node does not know is away after five seconds, because using a ticket takes time', async () => {
  await stopSqlClock(house)
  await join(house.deps, anna, meetingId)
  await house.pass(4_000)
  await node.beat()
  expect((await seatOf(house.deps, meetingId, anna)).state).toBe('in')
  await house.pass(1_500)
  await node.beat()
  expect((await seatOf(house.deps, meetingId, anna)).state).toBe('away')
})

it('a report of an earlier epoch of a seat does not change the seat', async () => {
  const { seat } = await enter(anna)
  node.setSeat(meetingId, seat.id, 'away')
  const stale = node.heartbeat()
  await join(house.deps, anna, meetingId)
  await acceptHeartbeat(house.deps, stale)
  expect((await seatOf(house.deps, meetingId, anna)).state).toBe('in')
})

it('signs of life are written every ten seconds at most, without a revision', async () => {
  await stopSqlClock(house)
  await enter(anna)
  const before = await seatOf(house.deps, meetingId, anna)
  await house.pass(9_000)
  await node.beat()
  expect((await seatOf(house.deps, meetingId, anna)).seen_at).toEqual(before.seen_at)
  await house.pass(2_000)
  await node.beat()
  const after = await seatOf(house.deps, meetingId, anna)
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
  const lost = await acceptHeartbeat(house.another(), node.heartbeat())
  expect(lost?.meetings).toMatchObject([{ meeting: meetingId, seats: [{ seat: joined.seat.id }] }])
  expect((await node.beat())?.meetings).toEqual(lost?.meetings)
})

it('a node that reports a meeting of another node changes no seats and is told that the meeting has moved', async () => {
  const { seat } = await enter(anna)
  const other = new MediaNode(house.deps)
  other.rooms.set(meetingId, { epoch: 1, rev: 0, seats: new Map([[seat.id, { epoch: 1, state: 'away' }]]) })
  expect((await other.beat())?.meetings).toMatchObject([{ meeting: meetingId, state: 'moved', seats: [] }])
  expect((await seatOf(house.deps, meetingId, anna)).state).toBe('in')
})

it('an update that was lost comes with the answer to the next heartbeat', async () => {
  const joined = await enter(anna)
  await enter(boris)
  await node.beat()
  const apply = node.apply.bind(node)
  // The update is lost.
  node.apply = () => undefined
  await leave(house.deps, anna, joined)
  node.apply = apply
  await node.beat()
  expect(node.rooms.get(meetingId)?.seats.has(joined.seat.id)).toBe(false)
})

it('the answer to a heartbeat names peers without a right to be there, whatever revision the node has applied', async () => {
  const joined = await enter(anna)
  await leave(house.deps, anna, joined)
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
  const other = await MediaNode.start(house.deps)
  await markNodeDead(house.deps.db, node)
  const moved = await join(house.deps, anna, meetingId)
  expect(moved.node.id).toBe(other.id)
  expect((await node.beat())?.meetings).toMatchObject([{ meeting: meetingId, state: 'moved', epoch: 2 }])
  expect(node.rooms.size).toBe(0)
  await leave(house.deps, anna, moved)
  await endEmptyMeeting(house.deps, meetingId, 0)
  node.enter(joined)
  expect((await node.beat())?.meetings).toMatchObject([{ meeting: meetingId, state: 'ended' }])
  await other.kill()
})

it('a meeting that came back to a node starts there again, and a room of the present epoch is not closed', async () => {
  await enter(anna)
  await house.deps.db.updateTable('meetings').set({ epoch: 3 }).where('id', '=', meetingId).execute()
  expect((await node.beat())?.meetings).toMatchObject([{ state: 'live', epoch: 3 }])
  expect(node.rooms.has(meetingId)).toBe(false)
  node.enter(await join(house.deps, anna, meetingId), 3)
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
  const another = house.another()
  node.setSeat(meetingId, joined.seat.id, 'away')
  expect((await node.beat(another))?.keys).toEqual(house.deps.tickets.publicKeys)
  expect((await seatOf(house.deps, meetingId, anna)).state).toBe('away')
})

/** Runs `during` while a heartbeat waits for this lock. */
async function whileHeartbeatWaits(
  locked: RawBuilder<unknown>,
  during: (tx: Transaction<DB>) => Promise<unknown>,
): Promise<void> {
  let heartbeat: Promise<unknown> = Promise.resolve()
  await house.deps.db.transaction().execute(async (tx) => {
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
  await house.pass(11_000)
  await house.deps.db.transaction().execute(async (tx) => {
    await sql`select from seats where meeting_id = ${meetingId} and user_id = ${anna.userId} for update`.execute(tx)
    expect(await node.beat()).not.toBeNull()
  })
  const [locked, free] = [await seatOf(house.deps, meetingId, anna), await seatOf(house.deps, meetingId, boris)]
  expect(free.seen_at.getTime()).toBeGreaterThan(locked.seen_at.getTime() + 10_000)
})

it('a heartbeat changes no seats of a meeting that moves away while it waits for the lock', async () => {
  const { seat } = await enter(anna)
  node.setSeat(meetingId, seat.id, 'away')
  await whileHeartbeatWaits(sql`select from scopes where id = ${meetingId} for update`, async (tx) => {
    await expect.poll(() => lockWaits(house.deps)).toBe(1)
    await tx
      .updateTable('meetings')
      .set({ epoch: 2, node_boot: randomUUID() as BootId })
      .where('id', '=', meetingId)
      .execute()
  })
  expect((await seatOf(house.deps, meetingId, anna)).state).toBe('in')
})

it('a heartbeat notes the sign of life of a returned seat before it writes the state, so that the seat does not count as given up meanwhile', async () => {
  const { seat } = await enter(anna)
  node.setSeat(meetingId, seat.id, 'away')
  await node.beat()
  await house.pass(11 * 60_000)
  node.setSeat(meetingId, seat.id, 'in')
  await whileHeartbeatWaits(sql`select from scopes where id = ${meetingId} for update`, async () => {
    await expect.poll(() => lockWaits(house.deps)).toBe(1)
    const { state, seen_at } = await seatOf(house.deps, meetingId, anna)
    expect(state).toBe('away')
    expect(house.clock.now() - seen_at.getTime()).toBeLessThan(60_000)
  })
})

it('a heartbeat reads no meetings but those of its node', async () => {
  const joined = await enter(anna)
  await addEndedMeetings(house.deps, { meetingId, userId: anna.userId, count: 1_000 })
  expect(await planOf(house.deps, comparisonOf(node.heartbeat()))).not.toMatch(/Seq Scan on (meetings|scopes)/)
  expect((await node.beat())?.meetings[0]?.seats).toMatchObject([{ seat: joined.seat.id }])
})
