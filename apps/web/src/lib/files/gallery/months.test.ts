import type { MessageRow } from '@veche/shared/rows/rows'
import { expect, test } from 'vitest'
import type { GalleryItem } from './gallery-items.ts'
import { layOutRows, galleryMovedBy, rowsBetween, totalHeight } from './gallery-layout.ts'
import { byMonths, monthName } from './months.ts'

const now = new Date('2026-03-20T12:00:00')
const item = (key: string, createdAt: string) =>
  ({ key, message: { createdAt } as MessageRow, file: null, href: '' }) as GalleryItem
const keysOf = (months: ReturnType<typeof byMonths>) =>
  months.map(({ title, items }) => [title, ...items.map(({ item }) => item.key)])

test('the newest stand first, under the names of their months', () => {
  const items = [
    item('a', '2025-12-31T12:00:00'),
    item('b', '2026-02-01T12:00:00'),
    item('c', '2026-03-01T12:00:00'),
    item('d', '2026-03-19T12:00:00'),
  ]
  expect(keysOf(byMonths('en', items, now))).toEqual([
    ['March', 'd', 'c'],
    ['February', 'b'],
    ['December\u00a02025', 'a'],
  ])
})

test('a month of another year is named with it, in both languages', () => {
  expect([
    monthName('ru', new Date('2026-03-01T12:00:00'), now),
    monthName('ru', new Date('2025-05-01T12:00:00'), now),
  ]).toEqual(['Март', 'Май\u00a02025'])
  expect(monthName('en', new Date('2025-05-01T12:00:00'), now)).toBe('May\u00a02025')
})

const many = (count: number) => Array.from({ length: count }, (_, index) => item(`${index}`, '2026-03-01T12:00:00'))
const measures = { columns: 3, rowPx: 100, headingPx: 40 }

test('ten thousand pictures put only those in view into the page', () => {
  const rows = layOutRows(byMonths('en', many(10_000), now), measures)
  expect(totalHeight(rows)).toBe(40 + 3_334 * 100)
  const shown = rowsBetween(rows, 150_000, 150_700)
  expect(shown.map(({ top }) => top)).toEqual([149_940, 150_040, 150_140, 150_240, 150_340, 150_440, 150_540, 150_640])
})

test('the name of a month is a row of its own', () => {
  const rows = layOutRows(byMonths('en', many(4), now), measures)
  expect(rows.map(({ top, title, items }) => [top, title, items?.length])).toEqual([
    [0, 'March', undefined],
    [40, null, 3],
    [140, null, 1],
  ])
})

test('what the reader looks at stays in view when something newer comes', () => {
  const before = layOutRows(byMonths('en', many(30), now), measures)
  const after = layOutRows(
    byMonths(
      'en',
      [
        ...many(30),
        item('new', '2026-03-02T12:00:00'),
        item('newer', '2026-03-03T12:00:00'),
        item('newest', '2026-03-04T12:00:00'),
      ],
      now,
    ),
    measures,
  )
  expect(galleryMovedBy(before, after, 500)).toBe(100)
  expect(galleryMovedBy(before, before, 500)).toBe(0)
})
