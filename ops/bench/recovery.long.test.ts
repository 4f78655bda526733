import { expect, it } from 'vitest'
import { measureDeaths } from './calls/recovery-times.ts'
import { quantile } from './figures/quantile.ts'

const kills = 20
const long = 900_000

it(
  'twenty times the node of two meetings is killed: nineteen of twenty silences end within five seconds',
  { timeout: long },
  async () => {
    const { hit } = await measureDeaths('node', kills)
    expect(hit).toHaveLength(4 * kills)
    expect(p95(hit)).toBeLessThan(5_000)
  },
)

it(
  'twenty times a worker crashes: its meeting is back as soon, and the other one has no gap',
  { timeout: long },
  async () => {
    const { hit, others } = await measureDeaths('worker', kills)
    expect(p95(hit)).toBeLessThan(5_000)
    // The gap that two busy cores cause in an untouched stream.
    expect(p95(others)).toBeLessThan(1_500)
  },
)

function p95(values: number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.95,
  )
}
