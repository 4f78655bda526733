import { limits } from '@veche/shared/limits'
import { expect, test } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { Relays } from './Relays.ts'

const FRESH_MS = limits.meeting.turnMinutes * 45_000

test('credentials are asked for anew before they run out, again and again', async () => {
  const { environment, asked } = newRelays()
  await environment.pass(FRESH_MS - 1)
  expect(asked).toEqual([])
  await environment.pass(1 + 2 * FRESH_MS)
  expect(asked).toEqual([FRESH_MS, 2 * FRESH_MS, 3 * FRESH_MS])
})

test('what failed is asked for again after seconds, then less and less often, and never less often than when all is well', async () => {
  const { environment, asked, state } = newRelays()
  state.fails = true
  await environment.pass(60 * 60_000)
  const pauses = asked.slice(1).map((at, before) => at - (asked[before] ?? 0))
  expect(pauses.slice(0, 5)).toEqual([2_000, 3_000, 5_000, 9_000, 17_000])
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
  expect(Math.max(...pauses)).toBeLessThanOrEqual(FRESH_MS)
})

test('those who failed together do not ask together again', async () => {
  const pauses = await Promise.all(
    [0, 0.99].map(async (drawn) => {
      const { environment, asked, state } = newRelays(drawn)
      state.fails = true
      await environment.pass(FRESH_MS + 10_000)
      return (asked[1] ?? 0) - FRESH_MS
    }),
  )
  expect(pauses).toEqual([1_000, 2_980])
})

test('once it works the pauses are long again', async () => {
  const { environment, asked, state, used } = newRelays()
  state.fails = true
  await environment.pass(FRESH_MS + 5_000)
  state.fails = false
  await environment.pass(FRESH_MS + 4_000)
  expect(used).toHaveLength(1)
  asked.length = 0
  await environment.pass(FRESH_MS)
  expect(asked).toHaveLength(1)
})

test('a machine that was asleep for too long asks when it wakes up, one that was not does not', async () => {
  const { environment, asked, state } = newRelays()
  await environment.pass(FRESH_MS - 1)
  environment.wake()
  await environment.quiet()
  expect(asked).toEqual([])
  state.fails = true
  await environment.pass(2 * FRESH_MS)
  asked.length = 0
  environment.setOnline(false)
  await environment.quiet()
  expect(asked).toEqual([])
  environment.setOnline(true)
  await environment.quiet()
  expect(asked).toHaveLength(1)
})

test('after the end nothing is asked, and what comes then is not used', async () => {
  const { environment, asked, used, relays, state } = newRelays()
  const { promise, resolve } = Promise.withResolvers<void>()
  state.waits = promise
  await environment.pass(FRESH_MS)
  relays.stop()
  resolve()
  await environment.pass(3 * FRESH_MS)
  environment.wake()
  await environment.quiet()
  expect([asked.length, used]).toEqual([1, []])
})

function newRelays(drawn = 0.5) {
  const environment = new TestEnvironment()
  const begun = environment.time
  const asked: number[] = []
  const used: unknown[] = []
  const state = { fails: false, waits: Promise.resolve() }
  const relays = new Relays({
    environment: environment.forTab({ random: () => drawn }),
    fetch: async () => {
      asked.push(environment.time - begun)
      await state.waits
      if (state.fails) throw new AppError('network.unreachable')
      return { iceServers: [] }
    },
    use: async (servers) => void used.push(servers),
  })
  return { environment, asked, used, relays, state }
}
