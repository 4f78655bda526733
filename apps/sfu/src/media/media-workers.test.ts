import { randomUUID } from 'node:crypto'
import type { MeetingId } from '@veche/shared/ids'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'

// The clock stands still, so no measurement overwrites the load that a test sets.
let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock: new ManualClock(), env: { SFU_WORKERS: '2' } })
})
// Rooms that were just opened count as load.
beforeEach(() => {
  for (const room of testNode.node.rooms) room.close('left')
  setLoads(0, 0)
})
afterAll(() => testNode.close())

function setLoads(...loads: number[]) {
  testNode.node.workers.forEach((worker, index) => (worker.load = loads[index]!))
}

async function enter(meeting = randomUUID() as MeetingId) {
  await testNode.newClient().join(await testNode.newTicket({ meeting }))
  return { meeting, worker: testNode.node.rooms.find(({ meetingId }) => meetingId === meeting)!.worker.index }
}

test('a new room goes to the least loaded media worker, and never to a full one', async () => {
  setLoads(0.5, 0.2)
  expect((await enter()).worker).toBe(1)
  setLoads(0.1, 0.2)
  expect((await enter()).worker).toBe(0)
  setLoads(0.7, 0.69)
  expect((await enter()).worker).toBe(1)
})

test('of equally loaded media workers a new room goes to the one with fewer seats', async () => {
  const first = await enter()
  await enter(first.meeting)
  await enter(first.meeting)
  expect((await enter()).worker).not.toBe(first.worker)
})

test('a node whose media workers are all full opens no room, but its rooms still let clients join', async () => {
  const { meeting } = await enter()
  setLoads(0.9, 0.8)
  await expect(enter()).rejects.toThrow('server.busy')
  await enter(meeting)
})

test('fifty rooms that are opened within a second are spread evenly over the media workers, although one was measured as less loaded', async () => {
  setLoads(0.1, 0.11)
  await Promise.all(Array.from({ length: 50 }, () => enter()))
  const [first, second] = testNode.node.workers.map(({ rooms }) => rooms.size)
  expect([first! + second!, Math.abs(first! - second!)]).toEqual([50, 0])
})

test('clients that join a new meeting at the same moment meet in one room', async () => {
  const meeting = randomUUID() as MeetingId
  await Promise.all([enter(meeting), enter(meeting), enter(meeting)])
  expect(testNode.node.rooms.filter(({ meetingId }) => meetingId === meeting).map(({ size }) => size)).toEqual([3])
})
