import { expect, test } from 'vitest'
import { quantileOfCounts } from './soak.ts'

test('a quantile of counted values is the first value that so many samples do not exceed', () => {
  expect(quantileOfCounts([990, 0, 9, 0, 1], 0.5)).toBe(0)
  expect(quantileOfCounts([990, 0, 9, 0, 1], 0.999)).toBe(2)
  expect(quantileOfCounts([990, 0, 9, 0, 1], 1)).toBe(4)
})
