import { randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ManualClock } from '../test/ManualClock.ts'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { audioParameters } from '../test/rtp.ts'
import type { TestClient } from '../test/TestClient.ts'

/** After this time the node tries again to restart its media worker. */
const firstRetryMs = 50
let clock: ManualClock
let testNode: TestNode
beforeEach(async () => {
  clock = new ManualClock()
  testNode = await newTestNode({ clock })
})
afterEach(() => testNode.close())

/** Kills the media worker and occupies its port, so that every join waits. Returns a function that lets it restart. */
async function blockWorker() {
  const [worker] = testNode.node.workers
  const port = createSocket('udp4')
  const timers = vi.spyOn(clock, 'after')
  process.kill(worker!.pid!, 'SIGKILL')
  while (worker!.isAlive) await new Promise((resolve) => setImmediate(resolve))
  port.bind(worker!.port, '127.0.0.1')
  await once(port, 'listening')
  await expect.poll(() => timers.mock.calls.some(([ms]) => ms === firstRetryMs)).toBe(true)
  return () => {
    port.close()
    clock.advance(firstRetryMs)
  }
}

/** Returns a function that waits until this many valid tickets were used. */
function watchTickets() {
  const take = vi.spyOn(testNode.node.tickets, 'use')
  return (count: number) => expect.poll(() => take.mock.settledResults.length).toBe(count)
}

const outcome = (joining: Promise<unknown>) =>
  joining.then(
    () => 'joined',
    (error: Error) => error.message,
  )

test('a node that begins to stop while a client waits for a media worker opens no room for it', async () => {
  const ticket = await testNode.newTicket()
  const ticketsUsed = watchTickets()
  const unblock = await blockWorker()
  const joining = outcome(testNode.newClient().join(ticket))
  await ticketsUsed(1)
  testNode.node.stop()
  unblock()
  expect(await joining).toBe('server.unavailable')
  expect(testNode.node.rooms).toEqual([])
})

test('of two joins with different epochs of a meeting that wait for a media worker, only the newer one succeeds', async () => {
  const meeting = randomUUID() as MeetingId
  const tickets = [await testNode.newTicket({ meeting }), await testNode.newTicket({ meeting, meetingEpoch: 2 })]
  const ticketsUsed = watchTickets()
  const unblock = await blockWorker()
  const joining: Promise<string>[] = []
  for (const ticket of tickets) {
    joining.push(outcome(testNode.newClient().join(ticket)))
    await ticketsUsed(joining.length)
  }
  unblock()
  expect(await Promise.all(joining)).toEqual(['call.media_lost', 'joined'])
  expect(testNode.node.rooms.map(({ epoch }) => epoch)).toEqual([2])
})

test('of many simultaneous joins of one seat the newest one keeps it, and each other one is refused or told that it was taken over', async () => {
  const [meeting, seat] = [randomUUID() as MeetingId, randomUUID() as SeatId]
  const clients = Array.from({ length: 12 }, () => testNode.newClient())
  const tickets = await Promise.all(
    clients.map((_, index) => testNode.newTicket({ meeting, seat, seatEpoch: index + 1 })),
  )
  const outcomes = await Promise.all(clients.map((client, index) => outcome(client.join(tickets[index]!))))
  expect(outcomes.at(-1)).toBe('joined')
  const last = clients.pop()!
  for (const client of clients)
    expect(['call.ended', 'call.ticket_invalid', 'taken_over']).toContain(await endOf(client))
  expect(testNode.node.rooms.flatMap((room) => room.seats())).toEqual([{ seat, epoch: 12, state: 'in' }])
  await last.call.media.produce.mutate({
    source: 'mic',
    transportId: last.joined.send.id,
    rtpParameters: audioParameters(),
  })
  await last.call.room.leave.mutate()
  await expect.poll(() => testNode.node.rooms).toEqual([])
})

/** The reason of its ended frame, or the code with which it was refused. */
async function endOf(client: TestClient): Promise<string | undefined> {
  const code = await client.ended()
  const last = client.frames.at(-1)
  return last?.type === 'ended' ? last.reason : code
}
