import { beforeAll, expect, test } from 'vitest'
import { durationText, stopwatch } from './duration.ts'
import { loadEveryLanguage } from '#lib/test/words.ts'

beforeAll(loadEveryLanguage)

test.each([
  [59_999, 'less than a minute', 'меньше минуты'],
  [60_000, '1 min', '1\u00a0мин'],
  [3_600_000, '1 h', '1\u00a0ч'],
  [3_900_000, '1 h 5 min', '1\u00a0ч\u00a05\u00a0мин'],
])('a past call of %i ms is described in words of both languages', (ms, en, ru) => {
  expect(durationText('en', ms)).toBe(en)
  expect(durationText('ru', ms)).toBe(ru)
})

test('the clock of a running call counts minutes, then hours, and never shows less than zero', () => {
  expect([-5, 7_400, 768_000, 3_723_000].map(stopwatch)).toEqual(['0:00', '0:07', '12:48', '1:02:03'])
})
