import { turnMinutes } from '@veche/shared/meeting-limits'
import { expect, test } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { IceServers } from './IceServers.ts'

const RENEW_AFTER_MS = turnMinutes * 45_000

test('credentials are renewed again and again before they expire', async () => {
  const { environment, requestedAt } = newIceServers()
  await environment.pass(RENEW_AFTER_MS - 1)
  expect(requestedAt).toEqual([])
  await environment.pass(1 + 2 * RENEW_AFTER_MS)
  expect(requestedAt).toEqual([RENEW_AFTER_MS, 2 * RENEW_AFTER_MS, 3 * RENEW_AFTER_MS])
})

test('a failed renewal is repeated after seconds, then with growing pauses that never exceed the usual one', async () => {
  const { environment, requestedAt, state } = newIceServers()
  state.fails = true
  await environment.pass(60 * 60_000)
  const pauses = requestedAt.slice(1).map((at, before) => at - (requestedAt[before] ?? 0))
  expect(pauses.slice(0, 5)).toEqual([2_000, 3_000, 5_000, 9_000, 17_000])
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
  expect(Math.max(...pauses)).toBeLessThanOrEqual(RENEW_AFTER_MS)
})

test('clients whose renewals failed at the same time do not retry at the same time', async () => {
  const pauses = await Promise.all(
    [0, 0.99].map(async (random) => {
      const { environment, requestedAt, state } = newIceServers(random)
      state.fails = true
      await environment.pass(RENEW_AFTER_MS + 10_000)
      return (requestedAt[1] ?? 0) - RENEW_AFTER_MS
    }),
  )
  expect(pauses).toEqual([1_000, 2_980])
})

test('after a successful retry the usual pause applies again', async () => {
  const { environment, requestedAt, state, applied } = newIceServers()
  state.fails = true
  await environment.pass(RENEW_AFTER_MS + 5_000)
  state.fails = false
  await environment.pass(RENEW_AFTER_MS + 4_000)
  expect(applied).toHaveLength(1)
  requestedAt.length = 0
  await environment.pass(RENEW_AFTER_MS)
  expect(requestedAt).toHaveLength(1)
})

test('credentials that are too old are renewed when the machine wakes up or has a network again, and fresh ones are not', async () => {
  const { environment, requestedAt, state } = newIceServers()
  await environment.pass(RENEW_AFTER_MS - 1)
  environment.wake()
  await environment.quiet()
  expect(requestedAt).toEqual([])
  state.fails = true
  await environment.pass(2 * RENEW_AFTER_MS)
  requestedAt.length = 0
  environment.setOnline(false)
  await environment.quiet()
  expect(requestedAt).toEqual([])
  environment.setOnline(true)
  await environment.quiet()
  expect(requestedAt).toHaveLength(1)
})

test('after stopping nothing is requested, and an answer that comes late is not applied', async () => {
  const { environment, requestedAt, applied, iceServers, state } = newIceServers()
  const { promise, resolve } = Promise.withResolvers<void>()
  state.answer = promise
  await environment.pass(RENEW_AFTER_MS)
  iceServers.stop()
  resolve()
  await environment.pass(3 * RENEW_AFTER_MS)
  environment.wake()
  await environment.quiet()
  expect([requestedAt.length, applied]).toEqual([1, []])
})

function newIceServers(random = 0.5) {
  const environment = new TestEnvironment()
  const startedAt = environment.time
  const requestedAt: number[] = []
  const applied: unknown[] = []
  const state = { fails: false, answer: Promise.resolve() }
  const iceServers = new IceServers({
    environment: environment.forTab({ random: () => random }),
    fetch: async () => {
      requestedAt.push(environment.time - startedAt)
      await state.answer
      if (state.fails) throw new AppError('network.unreachable')
      return { iceServers: [] }
    },
    apply: async (servers) => void applied.push(servers),
  })
  return { environment, requestedAt, applied, iceServers, state }
}
