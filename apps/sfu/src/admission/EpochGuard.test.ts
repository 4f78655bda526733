import { randomUUID } from 'node:crypto'
import type { BootId, MeetingId, NodeId, SeatId } from '@veche/shared/ids'
import type { SeatUpdate } from '@veche/shared/nodes'
import { beforeEach, expect, test } from 'vitest'
import { EpochGuard } from './EpochGuard.ts'
import { newClaims } from '../test/TestApi.ts'
import { ManualClock } from '../test/ManualClock.ts'

const node = { id: 'sfu-0' as NodeId, boot: randomUUID() as BootId }
const meeting = randomUUID() as MeetingId
const seat = randomUUID() as SeatId
let clock: ManualClock
let guard: EpochGuard
beforeEach(() => {
  clock = new ManualClock()
  guard = new EpochGuard(clock)
})

const claims = (meetingEpoch: number, seatEpoch: number) => newClaims(node, { meeting, seat, meetingEpoch, seatEpoch })
const applySeat = (state: SeatUpdate['state'], epoch: number) =>
  guard.applyUpdate({ meeting, epoch: 1, state: 'live', rev: 1, seats: [{ seat, epoch, state, capabilities: [] }] })

test('a ticket with an older epoch of the meeting is refused once a newer one is known', () => {
  expect(guard.admit(claims(2, 1))).toBe(true)
  expect(guard.admit(claims(1, 2))).toBe(false)
  expect(guard.admit(claims(3, 2))).toBe(true)
})

test('a seat is admitted only with a newer epoch than before', () => {
  expect(guard.admit(claims(1, 5))).toBe(true)
  expect(guard.admit(claims(1, 5))).toBe(false)
  expect(guard.admit(claims(1, 4))).toBe(false)
  expect(guard.admit(claims(1, 6))).toBe(true)
})

test('a removed seat is refused with the ticket that it still has and admitted with a newer one', () => {
  applySeat('removed', 3)
  expect(guard.admit(claims(1, 3))).toBe(false)
  expect(guard.admit(claims(1, 4))).toBe(true)
})

test('an update about a seat does not refuse the ticket of the same epoch that is still on its way', () => {
  applySeat('in', 3)
  expect(guard.admit(claims(1, 2))).toBe(false)
  expect(guard.admit(claims(1, 3))).toBe(true)
})

test('an admitted ticket is current until a newer ticket, a removal or a newer epoch of the meeting', () => {
  const first = claims(1, 1)
  guard.admit(first)
  expect(guard.isCurrent(first)).toBe(true)
  guard.admit(claims(1, 2))
  expect(guard.isCurrent(first)).toBe(false)
  const third = claims(1, 3)
  guard.admit(third)
  applySeat('removed', 3)
  expect(guard.isCurrent(third)).toBe(false)
  const fourth = claims(1, 4)
  guard.admit(fourth)
  guard.applyUpdate({ meeting, epoch: 2, state: 'moved', rev: 1, seats: [] })
  expect(guard.isCurrent(fourth)).toBe(false)
})

test('no seat is admitted to a meeting that has ended', () => {
  guard.applyUpdate({ meeting, epoch: 1, state: 'ended', rev: 1, seats: [] })
  expect(guard.admit(claims(1, 9))).toBe(false)
})

test('epochs are remembered for two minutes, which is longer than a ticket lives', () => {
  applySeat('removed', 3)
  clock.advance(119_000)
  guard.admit(newClaims(node))
  expect(guard.admit(claims(1, 3))).toBe(false)
  clock.advance(121_000)
  guard.admit(newClaims(node))
  expect(guard.admit(claims(1, 3))).toBe(true)
})
