import { expect, it } from 'vitest'
import { quantile } from './figures/quantile.ts'
import { measureSoak } from './soak/soak.ts'

it(
  'thirty minutes of a busy chat leave the memory of the API as it was, and its event loop is 50 milliseconds late at most',
  { timeout: 3_600_000 },
  async () => {
    const { memoryMb, ownDelayMs, slowestMs } = await measureSoak(30)
    console.log({ memoryMb, ownDelayMs, slowestMs })
    // Code is compiled and pools are filled in the first minutes.
    const [early, late] = [memoryMb.slice(5, 15), memoryMb.slice(-10)].map(median)
    expect(late).toBeLessThan(early! * 1.1)
    expect(ownDelayMs).toBeLessThanOrEqual(50)
  },
)

function median(values: number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}
