import { expect, test } from 'vitest'
import { hue, initials } from './initials.ts'

test.each([
  ['Анна Ким', 'АК'],
  ['Noor', 'N'],
  ['Релиз «Весна» 2027', 'РВ'],
  ['  ева   громова ', 'ЕГ'],
  ['e\u0301mile zola', 'E\u0301Z'],
  ['🔔🔔', '#'],
  ['', ''],
])('the initials of "%s" are "%s"', (name, letters) => expect(initials(name)).toBe(letters))

test('the same id always gets the same hue, and all twelve hues are used', () => {
  const ids = Array.from({ length: 400 }, (_, at) => `01900000-0000-7000-8000-${at.toString(16).padStart(12, '0')}`)
  expect(new Set(ids.map(hue)).size).toBe(12)
  expect(ids.map(hue)).toEqual(ids.map(hue))
})
