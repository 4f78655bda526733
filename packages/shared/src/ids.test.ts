import { expect, test } from 'vitest'
import { idTime, newId } from './ids.ts'

const at = Date.UTC(2026, 10, 30, 7)

test('an id is a UUID of version 7 that tells when it was made', () => {
  for (let count = 0; count < 100; count++) {
    const id = newId(at)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(idTime(id)).toBe(at)
  }
})

test('ids of the same moment differ, and those of a later one sort behind them', () => {
  const ids = Array.from({ length: 1_000 }, () => newId(at))
  expect(new Set(ids).size).toBe(1_000)
  expect(ids.every((id) => id < newId(at + 1))).toBe(true)
})

test('a time with fractions makes an id of its millisecond', () => {
  expect(idTime(newId(at + 0.75))).toBe(at)
})

test.each([Number.NaN, -5, Infinity, 2 ** 48, 8.7e15])('a clock that says %s makes a UUID all the same', (now) => {
  expect(newId(now)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
