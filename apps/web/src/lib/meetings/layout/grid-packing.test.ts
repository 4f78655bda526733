import { expect, test } from 'vitest'
import { packTiles } from './grid-packing.ts'

const desktop = { width: 1408, height: 730 }
const phone = { width: 344, height: 560 }
const gap = 8

test('two tiles stand side by side on a desktop', () => {
  expect(packTiles(2, desktop, gap, 49)).toMatchObject({ columns: 2, rows: 1, pages: 1 })
})

test.each([desktop, phone, { width: 3800, height: 1960 }, { width: 900, height: 200 }])(
  'any number of tiles fits into %o without scrolling, and every tile is on a page',
  (space) => {
    for (let count = 1; count <= 120; count++) {
      const { columns, rows, tile, perPage, pages } = packTiles(count, space, gap, 49)
      expect(columns * tile.width + (columns - 1) * gap).toBeLessThanOrEqual(space.width)
      expect(rows * tile.height + (rows - 1) * gap).toBeLessThanOrEqual(space.height)
      expect(columns * rows).toBeGreaterThanOrEqual(perPage)
      expect(perPage * pages).toBeGreaterThanOrEqual(count)
      expect(perPage).toBeLessThanOrEqual(49)
    }
  },
)

test('tiles are 16:9 in a wide window', () => {
  for (const count of [1, 2, 3, 5, 9, 25]) {
    const { tile } = packTiles(count, desktop, gap, 49)
    expect(tile.width / tile.height).toBeCloseTo(16 / 9, 1)
  }
})

test('two tiles stand above each other on a phone and fill it', () => {
  const { columns, tile } = packTiles(2, phone, gap, 49)
  expect(columns).toBe(1)
  expect(tile).toEqual({ width: 344, height: 276 })
})

test('a large screen shows more tiles rather than larger ones: 4K shows all of 49', () => {
  expect(packTiles(49, { width: 3800, height: 1960 }, gap, 49)).toMatchObject({ perPage: 49, pages: 1 })
})

test('tiles are never narrower than a face needs to be recognised: the rest is on further pages', () => {
  const { tile, pages } = packTiles(40, phone, gap, 49)
  expect(tile.width).toBeGreaterThanOrEqual(150)
  expect(pages).toBeGreaterThan(1)
})

test('there is one tile a page as long as the space has no size', () => {
  expect(packTiles(4, { width: 0, height: 0 }, gap, 49)).toMatchObject({ pages: 4, perPage: 1 })
})
