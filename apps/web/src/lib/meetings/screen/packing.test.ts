import { describe, expect, test } from 'vitest'
import { packed } from './packing.ts'

const desktop = { width: 1408, height: 730 }
const phone = { width: 344, height: 560 }
const gap = 8

describe('tiles', () => {
  test.each([desktop, phone, { width: 3800, height: 1960 }, { width: 900, height: 200 }])(
    'of any number fit into %o without scrolling, and every person has a page',
    (space) => {
      for (let count = 1; count <= 120; count++) {
        const { columns, rows, tile, perPage, pages } = packed(count, space, gap, 49)
        expect(columns * tile.width + (columns - 1) * gap).toBeLessThanOrEqual(space.width)
        expect(rows * tile.height + (rows - 1) * gap).toBeLessThanOrEqual(space.height)
        expect(columns * rows).toBeGreaterThanOrEqual(perPage)
        expect(perPage * pages).toBeGreaterThanOrEqual(count)
        expect(perPage).toBeLessThanOrEqual(49)
      }
    },
  )

  test('are 16:9 in a wide window', () => {
    for (const count of [1, 2, 3, 5, 9, 25]) {
      const { tile } = packed(count, desktop, gap, 49)
      expect(tile.width / tile.height).toBeCloseTo(16 / 9, 1)
    }
  })

  test('of two people stand above each other on a phone and fill it', () => {
    const { columns, tile } = packed(2, phone, gap, 49)
    expect(columns).toBe(1)
    expect(tile).toEqual({ width: 344, height: 276 })
  })

  test('of two people stand side by side on a desktop', () => {
    expect(packed(2, desktop, gap, 49)).toMatchObject({ columns: 2, rows: 1, pages: 1 })
  })

  test('grow in number rather than in size where there is room: 4K shows all of 49', () => {
    expect(packed(49, { width: 3800, height: 1960 }, gap, 49)).toMatchObject({ perPage: 49, pages: 1 })
  })

  test('are never so small that nobody is recognised: then there are pages', () => {
    const { tile, pages } = packed(40, phone, gap, 49)
    expect(tile.width).toBeGreaterThanOrEqual(150)
    expect(pages).toBeGreaterThan(1)
  })

  test('have some size before the window has one', () => {
    expect(packed(4, { width: 0, height: 0 }, gap, 49)).toMatchObject({ pages: 4, perPage: 1 })
  })
})
