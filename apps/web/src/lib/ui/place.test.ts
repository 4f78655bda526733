import { expect, test } from 'vitest'
import { placed } from './place.ts'

const view = { width: 400, height: 300 }
const menu = { width: 120, height: 100 }

test('a menu opens below its button, edge to edge', () => {
  expect(placed({ left: 50, right: 90, top: 20, bottom: 56, x: 50, y: 20 } as DOMRect, menu, view)).toEqual({
    left: 50,
    top: 60,
  })
})

test('a menu without room to the right and below opens to the left and above', () => {
  expect(placed({ left: 350, right: 390, top: 250, bottom: 286 }, menu, view)).toEqual({ left: 270, top: 146 })
})

test('a menu opens where it was pressed', () => {
  expect(placed({ x: 100, y: 100 }, menu, view)).toEqual({ left: 100, top: 100 })
})

test('a menu never leaves the window, however small the window is', () => {
  expect(placed({ x: 10, y: 10 }, { width: 390, height: 290 }, view)).toEqual({ left: 8, top: 8 })
})
