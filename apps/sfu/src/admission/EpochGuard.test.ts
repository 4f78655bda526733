import { randomUUID } from 'node:crypto'
import type { BootId, MeetingId, NodeId, SeatId } from '@veche/shared/ids'
import type { SeatUpdate } from '@veche/shared/nodes'
import { beforeEach, expect, test } from 'vitest'
import { Fences } from './EpochGuard.ts'
import { newClaims } from '../test/TestApi.ts'
import { ManualClock } from '../test/ManualClock.ts'

const node = { id: 'sfu-0' as NodeId, boot: randomUUID() as BootId }
const meeting = randomUUID() as MeetingId
const seat = randomUUID() as SeatId
let clock: ManualClock
let fences: Fences
beforeEach(() => {
  clock = new ManualClock()
  fences = new Fences(clock)
})

const claims = (meetingEpoch: number, seatEpoch: number) => newClaims(node, { meeting, seat, meetingEpoch, seatEpoch })
const learn = (state: SeatUpdate['state'], epoch: number) =>
  fences.learn({ meeting, epoch: 1, state: 'live', rev: 1, seats: [{ seat, epoch, state, caps: [] }] })

test('an older place of the meeting is refused once a newer one is known', () => {
  expect(fences.pass(claims(2, 1))).toBe(true)
  expect(fences.pass(claims(1, 2))).toBe(false)
  expect(fences.pass(claims(3, 2))).toBe(true)
})

test('a seat comes in with a newer epoch only', () => {
  expect(fences.pass(claims(1, 5))).toBe(true)
  expect(fences.pass(claims(1, 5))).toBe(false)
  expect(fences.pass(claims(1, 4))).toBe(false)
  expect(fences.pass(claims(1, 6))).toBe(true)
})

test('a seat that was removed does not come back with the ticket that it still has, but with a new one', () => {
  learn('removed', 3)
  expect(fences.pass(claims(1, 3))).toBe(false)
  expect(fences.pass(claims(1, 4))).toBe(true)
})

test('an order about a seat that has taken its ticket and is still on its way does not shut it out', () => {
  learn('in', 3)
  expect(fences.pass(claims(1, 2))).toBe(false)
  expect(fences.pass(claims(1, 3))).toBe(true)
})

test('a ticket that has passed holds until a newer one, a removal or another place', () => {
  const first = claims(1, 1)
  fences.pass(first)
  expect(fences.holds(first)).toBe(true)
  fences.pass(claims(1, 2))
  expect(fences.holds(first)).toBe(false)
  const third = claims(1, 3)
  fences.pass(third)
  learn('removed', 3)
  expect(fences.holds(third)).toBe(false)
  const fourth = claims(1, 4)
  fences.pass(fourth)
  fences.learn({ meeting, epoch: 2, state: 'moved', rev: 1, seats: [] })
  expect(fences.holds(fourth)).toBe(false)
})

test('a meeting that has ended lets nobody in any more', () => {
  fences.learn({ meeting, epoch: 1, state: 'ended', rev: 1, seats: [] })
  expect(fences.pass(claims(1, 9))).toBe(false)
})

test('what was seen is remembered for longer than a ticket lives, and no longer than that', () => {
  learn('removed', 3)
  clock.advance(119_000)
  fences.pass(newClaims(node))
  expect(fences.pass(claims(1, 3))).toBe(false)
  clock.advance(121_000)
  fences.pass(newClaims(node))
  expect(fences.pass(claims(1, 3))).toBe(true)
})
