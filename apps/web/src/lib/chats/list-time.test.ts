import { expect, test } from 'vitest'
import { when } from './list-time.ts'

const now = new Date(2026, 10, 20, 15, 0)
const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 5).toISOString()

test('the older, the shorter: a time, yesterday, a weekday, a date', () => {
  expect([at(20, 9), at(19, 23), at(16, 12), at(3, 12)].map((each) => when('en', each, now))).toEqual([
    '09:05',
    'yesterday',
    'Mon',
    '03/11/26',
  ])
  expect(when('ru', at(19, 1), now)).toBe('вчера')
  expect(when('ru', at(3, 12), now)).toBe('03.11.26')
})

test('a clock that is behind shows a time, never tomorrow', () => {
  expect(when('en', at(21, 9), now)).toBe('09:05')
})
