import { expect, test } from 'vitest'
import { BitrateDebt } from './BitrateDebt.ts'

const bitrate = 300_000
/** The verdict for each of these seconds. Each number is a multiple of the limit. */
const verdicts = (debt: BitrateDebt, ...seconds: number[]) =>
  seconds.map((times) => debt.count((bitrate / 8) * times, 1))

test('a source that stays below its limit is never held', () => {
  expect(new Set(verdicts(new BitrateDebt(bitrate), ...Array<number>(100).fill(1)))).toEqual(new Set(['fine']))
})

test('twice the limit is held after three seconds and closed after six', () => {
  expect(verdicts(new BitrateDebt(bitrate), 2, 2, 2, 2, 2, 2)).toEqual([
    'fine',
    'fine',
    'hold',
    'hold',
    'hold',
    'close',
  ])
})

test('a source a little above its limit is held late, and a source far above it at once', () => {
  expect(verdicts(new BitrateDebt(bitrate), ...Array<number>(12).fill(1.25)).indexOf('hold')).toBe(11)
  expect(verdicts(new BitrateDebt(bitrate), 5)).toEqual(['hold'])
  expect(verdicts(new BitrateDebt(bitrate), 50)).toEqual(['close'])
})

test('the debt of a peak is paid back with time', () => {
  const debt = new BitrateDebt(bitrate)
  expect(verdicts(debt, 3.5, 0, 0, 0, 3.5, 0, 0, 0, 3.5)).not.toContain('hold')
  expect(debt.isPaid).toBe(false)
  verdicts(debt, 0, 0, 0)
  expect(debt.isPaid).toBe(true)
})

test('the debts of floods with pauses between them add up', () => {
  expect(verdicts(new BitrateDebt(bitrate), 3.5, 0, 3.5, 0)).toEqual(['fine', 'fine', 'hold', 'fine'])
})

test('the debt of the worst flood is paid back within a minute', () => {
  const debt = new BitrateDebt(bitrate)
  verdicts(debt, 1e6)
  expect(debt.isExceeded).toBe(true)
  verdicts(debt, ...Array<number>(55).fill(0))
  expect(debt.isExceeded).toBe(false)
  verdicts(debt, ...Array<number>(5).fill(0))
  expect(debt.isPaid).toBe(true)
})
