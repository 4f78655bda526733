import { randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newHouse, type TestHouse } from '../test/TestNode.ts'
import { sound } from '../test/rtp.ts'
import type { Visitor } from '../test/TestClient.ts'

let house: TestHouse
beforeEach(async () => {
  house = await newHouse()
})
afterEach(() => house.close())

/** All media workers are gone, and their ports taken: nobody is let in until that is over. */
async function interrupt() {
  const [worker] = house.node.workers
  const taken = createSocket('udp4')
  process.kill(worker!.pid!, 'SIGKILL')
  while (worker!.alive) await new Promise((resolve) => setImmediate(resolve))
  taken.bind(worker!.port, '127.0.0.1')
  await once(taken, 'listening')
  return () => taken.close()
}

/** Until so many have shown a good ticket. */
function shown() {
  const take = vi.spyOn(house.node.tickets, 'take')
  return (count: number) => expect.poll(() => take.mock.settledResults.length).toBe(count)
}

const outcome = (joining: Promise<unknown>) =>
  joining.then(
    () => 'joined',
    (error: Error) => error.message,
  )

test('a node that stops while somebody waits to be let in opens no room for them', async () => {
  const ticket = await house.ticket()
  const waiting = shown()
  const go = await interrupt()
  const joining = outcome(house.visitor().join(ticket))
  await waiting(1)
  house.node.stop()
  go()
  expect(await joining).toBe('server.unavailable')
  expect(house.node.rooms).toEqual([])
})

test('of two places of a meeting that are waited for at once the newer one is opened', async () => {
  const meeting = randomUUID() as MeetingId
  const tickets = [await house.ticket({ meeting }), await house.ticket({ meeting, meetingEpoch: 2 })]
  const waiting = shown()
  const go = await interrupt()
  const joining: Promise<string>[] = []
  for (const ticket of tickets) {
    joining.push(outcome(house.visitor().join(ticket)))
    await waiting(joining.length)
  }
  go()
  expect(await Promise.all(joining)).toEqual(['call.media_lost', 'joined'])
  expect(house.node.rooms.map(({ epoch }) => epoch)).toEqual([2])
})

test('whoever takes a seat many times at once sits on it once, and all other places are told or refused', async () => {
  const [meeting, seat] = [randomUUID() as MeetingId, randomUUID() as SeatId]
  const places = Array.from({ length: 12 }, () => house.visitor())
  const tickets = await Promise.all(places.map((_, index) => house.ticket({ meeting, seat, seatEpoch: index + 1 })))
  const outcomes = await Promise.all(places.map((place, index) => outcome(place.join(tickets[index]!))))
  expect(outcomes.at(-1)).toBe('joined')
  const last = places.pop()!
  for (const place of places) expect(['call.ended', 'call.ticket_invalid', 'taken_over']).toContain(await endOf(place))
  expect(house.node.rooms.flatMap((room) => room.seats())).toEqual([{ seat, epoch: 12, state: 'in' }])
  await last.call.media.produce.mutate({ source: 'mic', transportId: last.joined.send.id, rtpParameters: sound() })
  await last.call.room.leave.mutate()
  await expect.poll(() => house.node.rooms).toEqual([])
})

/** What it was told at last, or refused with. */
async function endOf(place: Visitor): Promise<string | undefined> {
  const code = await place.over()
  const last = place.frames.at(-1)
  return last?.type === 'ended' ? last.reason : code
}
