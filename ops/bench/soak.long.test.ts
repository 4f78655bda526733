import { expect, it } from 'vitest'
import { median } from './figures/quantile.ts'
import { measureSoak } from './soak/soak.ts'

it(
  'after thirty minutes of a busy chat the memory of the API has grown by less than a tenth, and 999 of 1,000 timers were at most 50 ms late',
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
