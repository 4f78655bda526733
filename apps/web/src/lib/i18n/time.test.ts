import { expect, test } from 'vitest'
import { clock, day, daysAgo, moment } from './time.ts'

const now = new Date(2026, 10, 20, 14, 32)

test('the time of day is written with 24 hours in both languages', () => {
  expect(clock('en', new Date(2026, 10, 20, 0, 5))).toBe('00:05')
  expect(clock('ru', new Date(2026, 10, 20, 14, 5))).toBe('14:05')
})

test('a day of this year has no year, and a Russian one no «г.»', () => {
  expect(day('ru', new Date(2026, 2, 3), now)).toBe('3\u00a0марта')
  expect(day('ru', new Date(2025, 2, 3), now)).toBe('3\u00a0марта 2025')
  expect(day('en', new Date(2026, 2, 3), now)).toBe('3\u00a0March')
})

test('yesterday is one midnight ago, however few hours that is', () => {
  expect(daysAgo(new Date(2026, 10, 19, 23, 59), new Date(2026, 10, 20, 0, 1))).toBe(1)
  expect(daysAgo(new Date(2026, 10, 20, 0, 0), now)).toBe(0)
})

test('a moment of today is its time alone', () => {
  expect(moment('en', new Date(2026, 10, 20, 9, 0), now)).toBe('09:00')
  expect(moment('en', new Date(2026, 10, 19, 9, 0), now)).toBe('19\u00a0November, 09:00')
})
