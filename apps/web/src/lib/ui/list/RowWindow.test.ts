import { expect, test } from 'vitest'
import { movedBy, RowWindow } from './RowWindow.svelte.ts'

const rows = (ids: string) => [...ids].map((id) => ({ id }))

test('of a list of five thousand rows only those in view and a few around them are in the page', () => {
  const window = new RowWindow()
  const indexes = window.indexes(5_000, 0)
  expect([indexes[0], indexes.length < 60]).toEqual([0, true])
  expect(window.indexes(3, 0)).toEqual([0, 1, 2])
  expect(window.indexes(0, -1)).toEqual([])
})

test('the row that has the focus stays in the page wherever the reader is', () => {
  const window = new RowWindow()
  expect(window.indexes(5_000, 4_000).at(-1)).toBe(4_000)
  expect(window.indexes(5_000, 5_000)).not.toContain(5_000)
})

test('rows in view stay where they are when others come in front of them or leave from there', () => {
  expect(movedBy(rows('abcdefg'), rows('xyabcdefg'), 2)).toBe(2)
  expect(movedBy(rows('abcdefg'), rows('bcdefg'), 2)).toBe(-1)
  expect(movedBy(rows('abcdefg'), rows('abcdefgxy'), 2)).toBe(0)
})

test('a row in view that moves to the top does not take the reader along', () => {
  expect(movedBy(rows('abcdefg'), rows('cabdefg'), 2)).toBe(0)
  expect(movedBy(rows('abcdefg'), rows('dabcefg'), 2)).toBe(1)
  expect(movedBy(rows('abcdefg'), rows('gabcdef'), 2)).toBe(1)
})
