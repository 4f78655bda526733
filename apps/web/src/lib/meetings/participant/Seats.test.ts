import { newId, type MeetingId, type SeatId, type UserId } from '@veche/shared/ids'
import type { ChangesFrame, ScopeAnswer } from '@veche/shared/live'
import type { SeatRow } from '@veche/shared/rows/rows'
import { expect, test } from 'vitest'
import { AppError } from '../../api/error.ts'
import { Seats } from './Seats.svelte.ts'

const meeting = newId<MeetingId>()
const ann = newId<SeatId>()
const bob = newId<SeatId>()

/** A server whose answers and frames are sent by the test. */
class TestSource {
  readonly queries: { since: number; answer: PromiseWithResolvers<ScopeAnswer> }[] = []
  readonly listeners = new Set<(frame: ChangesFrame) => void>()
  api = {
    scope: (_: MeetingId, since: number) => {
      const answer = Promise.withResolvers<ScopeAnswer>()
      this.queries.push({ since, answer })
      return answer.promise
    },
  }
  onMeeting(listener: (frame: ChangesFrame) => void) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
  async answer(index: number, rev: number, seats: SeatRow[], more = false, reset = false) {
    const rest = { scope: 'meeting', id: meeting, more, reset, gone: false } as const
    this.queries[index]?.answer.resolve({ ...rest, rev, rows: { seats } })
    await new Promise(setImmediate)
  }
  send(from: number, rev: number, seats: SeatRow[], id = meeting) {
    for (const listener of this.listeners)
      listener({ type: 'changes', scope: 'meeting', id, from, rev, rows: { seats } })
  }
}

function seat(id: SeatId, rev: number, state: SeatRow['state'] = 'in'): SeatRow {
  return {
    id,
    rev,
    state,
    meetingId: meeting,
    userId: newId<UserId>(),
    capabilities: [],
    joinedAt: '2026-11-21T10:00:00.000Z',
  }
}
const states = (seats: Seats) => Object.fromEntries(seats.list.map(({ id, state }) => [id, state]))

test('seats are queried once and follow the frames of the live stream from then on', async () => {
  const source = new TestSource()
  const seats = new Seats(source, meeting)
  seats.follow()
  await source.answer(0, 3, [seat(ann, 2), seat(bob, 3)])
  source.send(3, 4, [seat(bob, 4, 'away')])
  expect(states(seats)).toEqual({ [ann]: 'in', [bob]: 'away' })
  expect(source.queries).toHaveLength(1)
})

test('a frame with a gap before it makes the seats query what is missing', async () => {
  const source = new TestSource()
  const seats = new Seats(source, meeting)
  seats.follow()
  await source.answer(0, 3, [seat(ann, 2)])
  source.send(5, 6, [seat(bob, 6)])
  expect(source.queries[1]?.since).toBe(3)
  await source.answer(1, 6, [seat(ann, 5, 'left'), seat(bob, 6)])
  expect(states(seats)).toEqual({ [ann]: 'left', [bob]: 'in' })
})

test('an answer that is older than a frame does not undo the frame', async () => {
  const source = new TestSource()
  const seats = new Seats(source, meeting)
  seats.follow()
  await source.answer(0, 3, [seat(ann, 3)])
  void seats.refresh()
  source.send(3, 5, [seat(ann, 5, 'away')])
  await source.answer(1, 4, [seat(ann, 4)])
  expect(states(seats)).toEqual({ [ann]: 'away' })
})

test('seats that do not fit into one answer are queried until all of them are here', async () => {
  const source = new TestSource()
  const seats = new Seats(source, meeting)
  seats.follow()
  await source.answer(0, 2, [seat(ann, 2)], true)
  await source.answer(1, 3, [seat(bob, 3)])
  expect(Object.keys(states(seats))).toHaveLength(2)
  expect(source.queries).toHaveLength(2)
})

test('a reset replaces the seats that were held by those of the answer', async () => {
  const source = new TestSource()
  const seats = new Seats(source, meeting)
  seats.follow()
  await source.answer(0, 9, [seat(ann, 9)])
  void seats.refresh()
  await source.answer(1, 2, [seat(bob, 2)], false, true)
  expect(states(seats)).toEqual({ [bob]: 'in' })
})

test('frames of another meeting, and frames after the end, change no seat', async () => {
  const source = new TestSource()
  const seats = new Seats(source, meeting)
  const stop = seats.follow()
  await source.answer(0, 1, [seat(ann, 1)])
  source.send(1, 2, [seat(bob, 2)], newId<MeetingId>())
  stop()
  source.send(1, 2, [seat(bob, 2)])
  expect(states(seats)).toEqual({ [ann]: 'in' })
})

test('seats whose query failed are queried again when they are refreshed', async () => {
  const source = new TestSource()
  const seats = new Seats(source, meeting)
  seats.follow()
  source.queries[0]?.answer.reject(new AppError('network.unreachable'))
  await new Promise(setImmediate)
  void seats.refresh()
  await source.answer(1, 1, [seat(ann, 1)])
  expect(states(seats)).toEqual({ [ann]: 'in' })
})
