import { randomUUID } from 'node:crypto'
import type { MeetingId } from '@veche/shared/ids'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newHouse, type TestHouse } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'

// Time stands still, so no measurement puts another load in place of the test's.
let house: TestHouse
beforeAll(async () => {
  house = await newHouse({ clock: new ManualClock(), env: { SFU_WORKERS: '2' } })
})
beforeEach(() => loads(0, 0))
afterAll(() => house.close())

function loads(...shares: number[]) {
  house.node.workers.forEach((worker, index) => (worker.load = shares[index]!))
}

async function enter(meeting = randomUUID() as MeetingId) {
  await house.visitor().join(await house.ticket({ meeting }))
  return { meeting, worker: house.node.rooms.find(({ meetingId }) => meetingId === meeting)!.worker.index }
}

test('a new room goes to the least loaded worker, and never to a full one', async () => {
  loads(0.5, 0.2)
  expect((await enter()).worker).toBe(1)
  loads(0.1, 0.2)
  expect((await enter()).worker).toBe(0)
  loads(0.7, 0.69)
  expect((await enter()).worker).toBe(1)
})

test('of equally idle workers the one with fewer people is taken', async () => {
  const first = await enter()
  await enter(first.meeting)
  await enter(first.meeting)
  expect((await enter()).worker).not.toBe(first.worker)
})

test('a node whose workers are all full begins no room, and its rooms still let in whom they know', async () => {
  const { meeting } = await enter()
  loads(0.9, 0.8)
  await expect(enter()).rejects.toThrow('server.busy')
  await enter(meeting)
})

test('two who open a meeting in the same moment meet in one room', async () => {
  const meeting = randomUUID() as MeetingId
  await Promise.all([enter(meeting), enter(meeting), enter(meeting)])
  expect(house.node.rooms.filter(({ meetingId }) => meetingId === meeting).map(({ size }) => size)).toEqual([3])
})
