import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { formatTime, formatDay, daysAgo, formatDayAndTime } from './time.ts'

beforeEach(() => vi.stubGlobal('navigator', { languages: ['en', 'ru'] }))
afterEach(() => vi.unstubAllGlobals())

const now = new Date(2026, 10, 20, 14, 32)

test('the time of day is written with 24 hours in both languages', () => {
  expect(formatTime('en', new Date(2026, 10, 20, 0, 5))).toBe('00:05')
  expect(formatTime('ru', new Date(2026, 10, 20, 14, 5))).toBe('14:05')
})

test('a day of this year is written without the year, and in Russian without «г.»', () => {
  expect(formatDay('ru', new Date(2026, 2, 3), now)).toBe('3\u00a0марта')
  expect(formatDay('ru', new Date(2025, 2, 3), now)).toBe('3\u00a0марта 2025')
  expect(formatDay('en', new Date(2026, 2, 3), now)).toBe('3\u00a0March')
})

test('a time before the last midnight was yesterday, even two minutes ago', () => {
  expect(daysAgo(new Date(2026, 10, 19, 23, 59), new Date(2026, 10, 20, 0, 1))).toBe(1)
  expect(daysAgo(new Date(2026, 10, 20, 0, 0), now)).toBe(0)
})

test('a time of today is written without the day', () => {
  expect(formatDayAndTime('en', new Date(2026, 10, 20, 9, 0), now)).toBe('09:00')
  expect(formatDayAndTime('en', new Date(2026, 10, 19, 9, 0), now)).toBe('19\u00a0November, 09:00')
})

test('a date is written as in the region that the browser prefers for the language', () => {
  vi.stubGlobal('navigator', { languages: ['ru-RU', 'en-US', 'en'] })
  expect(formatDay('en', new Date(2026, 2, 3), now)).toBe('March\u00a03')
  expect(formatTime('en', new Date(2026, 10, 20, 14, 5))).toBe('14:05')
  vi.stubGlobal('navigator', { languages: ['en-AU', 'en-US'] })
  expect(formatDay('en', new Date(2026, 2, 3), now)).toBe('3\u00a0March')
})
