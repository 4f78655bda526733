import { limits } from '@veche/shared/limits'
import { expect, test } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { TestWorld } from '#lib/test/world.ts'
import { IceServers } from './IceServers.ts'

const RENEW_AFTER_MS = limits.meeting.turnMinutes * 45_000

test('credentials are renewed again and again before they expire', async () => {
  const { world, requestedAt } = newIceServers()
  await world.pass(RENEW_AFTER_MS - 1)
  expect(requestedAt).toEqual([])
  await world.pass(1 + 2 * RENEW_AFTER_MS)
  expect(requestedAt).toEqual([RENEW_AFTER_MS, 2 * RENEW_AFTER_MS, 3 * RENEW_AFTER_MS])
})

test('a failed renewal is repeated after seconds, then with growing pauses that never exceed the usual one', async () => {
  const { world, requestedAt, state } = newIceServers()
  state.fails = true
  await world.pass(60 * 60_000)
  const pauses = requestedAt.slice(1).map((at, before) => at - (requestedAt[before] ?? 0))
  expect(pauses.slice(0, 5)).toEqual([2_000, 3_000, 5_000, 9_000, 17_000])
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
  expect(Math.max(...pauses)).toBeLessThanOrEqual(RENEW_AFTER_MS)
})

test('clients whose renewals failed at the same time do not retry at the same time', async () => {
  const pauses = await Promise.all(
    [0, 0.99].map(async (random) => {
      const { world, requestedAt, state } = newIceServers(random)
      state.fails = true
      await world.pass(RENEW_AFTER_MS + 10_000)
      return (requestedAt[1] ?? 0) - RENEW_AFTER_MS
    }),
  )
  expect(pauses).toEqual([1_000, 2_980])
})

test('after a successful retry the usual pause applies again', async () => {
  const { world, requestedAt, state, applied } = newIceServers()
  state.fails = true
  await world.pass(RENEW_AFTER_MS + 5_000)
  state.fails = false
  await world.pass(RENEW_AFTER_MS + 4_000)
  expect(applied).toHaveLength(1)
  requestedAt.length = 0
  await world.pass(RENEW_AFTER_MS)
  expect(requestedAt).toHaveLength(1)
})

test('credentials that are too old are renewed when the machine wakes up or has a network again, and fresh ones are not', async () => {
  const { world, requestedAt, state } = newIceServers()
  await world.pass(RENEW_AFTER_MS - 1)
  world.wake()
  await world.quiet()
  expect(requestedAt).toEqual([])
  state.fails = true
  await world.pass(2 * RENEW_AFTER_MS)
  requestedAt.length = 0
  world.setOnline(false)
  await world.quiet()
  expect(requestedAt).toEqual([])
  world.setOnline(true)
  await world.quiet()
  expect(requestedAt).toHaveLength(1)
})

test('after stopping nothing is requested, and an answer that comes late is not applied', async () => {
  const { world, requestedAt, applied, iceServers, state } = newIceServers()
  const { promise, resolve } = Promise.withResolvers<void>()
  state.answer = promise
  await world.pass(RENEW_AFTER_MS)
  iceServers.stop()
  resolve()
  await world.pass(3 * RENEW_AFTER_MS)
  world.wake()
  await world.quiet()
  expect([requestedAt.length, applied]).toEqual([1, []])
})

function newIceServers(random = 0.5) {
  const world = new TestWorld()
  const startedAt = world.time
  const requestedAt: number[] = []
  const applied: unknown[] = []
  const state = { fails: false, answer: Promise.resolve() }
  const iceServers = new IceServers({
    world: world.tab({ random: () => random }),
    fetch: async () => {
      requestedAt.push(world.time - startedAt)
      await state.answer
      if (state.fails) throw new AppError('network.unreachable')
      return { iceServers: [] }
    },
    apply: async (servers) => void applied.push(servers),
  })
  return { world, requestedAt, applied, iceServers, state }
}
