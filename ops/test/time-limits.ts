import { availableParallelism, loadavg } from 'node:os'

/** What the loop below takes on an idle machine of today, in milliseconds. */
const idleLoopMs = 20
const variable = 'VECHE_TEST_SLOWNESS'

/**
 * How many times slower this machine is now than an idle one of today: at least 1. It is measured once a run, and the
 * processes of the run inherit it. A test that passes never waits for these limits, so they may be generous.
 */
const slowness = Number((process.env[variable] ||= String(measureSlowness())))

/** A limit of waiting in a test, as long as this machine needs it. */
export function scaledMs(idleMs: number): number {
  return Math.round(idleMs * slowness)
}

/** How long a test waits for an event before it is called missing. */
export const eventTimeoutMs = scaledMs(60_000)

/** The limits of every vitest project. No test depends on their length. */
export const timeLimits = {
  testTimeout: scaledMs(300_000),
  hookTimeout: scaledMs(180_000),
  teardownTimeout: scaledMs(30_000),
  expect: { poll: { timeout: eventTimeoutMs, interval: 50 } },
}

/** As many test processes as there are cores for this one, and two at most: more only wait for each other. */
export const maxWorkers = Math.min(2, availableParallelism())

function measureSlowness(): number {
  const start = performance.now()
  let sum = 0
  for (let count = 0; count < 5_000_000; count += 1) sum += count % 7
  const loopMs = sum > 0 ? performance.now() - start : 0
  const waitingPerCore = (loadavg()[0] ?? 0) / availableParallelism()
  return Math.min(10, Math.max(1, loopMs / idleLoopMs, waitingPerCore))
}
