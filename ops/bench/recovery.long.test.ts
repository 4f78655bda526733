import { expect, it } from 'vitest'
import { measureDeaths } from './calls/recovery.ts'
import { quantile } from './figures/quantile.ts'

/** Promise 5, with the slack of a machine that carries everything at once: the benchmark has the figures. */
const slack = 3_000

it('twenty times the node of two meetings is killed: of twenty, nineteen are back within five seconds', async () => {
  const { hit } = await measureDeaths('node', 20)
  const sorted = hit.toSorted((a, b) => a - b)
  expect(sorted).toHaveLength(80)
  expect(quantile(sorted, 0.95)).toBeLessThan(5_000 + slack)
}, 900_000)

it('twenty times a worker crashes: its meeting comes back, and the other one has no gap', async () => {
  const { hit, others } = await measureDeaths('worker', 20)
  expect(
    quantile(
      hit.toSorted((a, b) => a - b),
      0.95,
    ),
  ).toBeLessThan(5_000 + slack)
  expect(
    quantile(
      others.toSorted((a, b) => a - b),
      0.95,
    ),
  ).toBeLessThan(1_500)
}, 900_000)
