import { afterEach, beforeAll, beforeEach, vi, expect, test } from 'vitest'
import { listTime } from './list-time.ts'
import { loadEveryLanguage } from '#lib/test/words.ts'

beforeAll(loadEveryLanguage)
beforeEach(() => vi.stubGlobal('navigator', { languages: ['en-GB'] }))
afterEach(() => vi.unstubAllGlobals())

const now = new Date(2026, 10, 20, 15, 0)
const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 5).toISOString()

test('a list shows the time of today, yesterday, a weekday within a week, and else a date', () => {
  expect([at(20, 9), at(19, 23), at(16, 12), at(3, 12)].map((each) => listTime('en', each, now))).toEqual([
    '09:05',
    'yesterday',
    'Mon',
    '03/11/26',
  ])
  expect(listTime('ru', at(19, 1), now)).toBe('вчера')
  expect(listTime('ru', at(3, 12), now)).toBe('03.11.26')
})

test('a message from the future, as a slow clock sees it, shows its time', () => {
  expect(listTime('en', at(21, 9), now)).toBe('09:05')
})
