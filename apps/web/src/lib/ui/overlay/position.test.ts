import { expect, test } from 'vitest'
import { fitIntoWindow } from './position.ts'

const view = { width: 400, height: 300 }
const menu = { width: 120, height: 100 }

test('a menu opens below its button with its left edge at the left edge of the button', () => {
  expect(fitIntoWindow({ left: 50, right: 90, top: 20, bottom: 56, x: 50, y: 20 } as DOMRect, menu, view)).toEqual({
    left: 50,
    top: 60,
  })
})

test('a menu without room to the right and below opens to the left and above', () => {
  expect(fitIntoWindow({ left: 350, right: 390, top: 250, bottom: 286 }, menu, view)).toEqual({ left: 270, top: 146 })
})

test('a context menu opens at the point that was pressed', () => {
  expect(fitIntoWindow({ x: 100, y: 100 }, menu, view)).toEqual({ left: 100, top: 100 })
})

test('a menu never leaves the window, however small the window is', () => {
  expect(fitIntoWindow({ x: 10, y: 10 }, { width: 390, height: 290 }, view)).toEqual({ left: 8, top: 8 })
})
