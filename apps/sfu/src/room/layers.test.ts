import { expect, test } from 'vitest'
import { layerFor, priorityOf } from './layers.ts'

const wide = (height: number) => ({ width: (height * 16) / 9, height })

test.each([
  [90, 0],
  [180, 0],
  [225, 0],
  [226, 1],
  [450, 1],
  [451, 2],
  [2160, 2],
])('a camera with three layers in a tile of %i pixels height is sent in layer %i', (height, layer) => {
  expect(layerFor('cam', 3, wide(height))).toBe(layer)
})

test('a tall narrow tile gets the layer that its width needs', () => {
  expect(layerFor('cam', 3, { width: 200, height: 180 })).toBe(0)
})

test('a camera with one layer is always sent in that layer', () => {
  expect(layerFor('cam', 1, wide(90))).toBe(0)
  expect(layerFor('cam', 1, wide(1080))).toBe(0)
})

test('a shared screen is sent as stills to a thumbnail and in full to a larger tile', () => {
  expect(layerFor('screen', 2, wide(180))).toBe(0)
  expect(layerFor('screen', 2, wide(720))).toBe(1)
})

test('the shared screen has priority over every camera, and a large camera over a small one', () => {
  expect(priorityOf('screen', wide(180))).toBeGreaterThan(priorityOf('cam', wide(4320)))
  expect(priorityOf('cam', wide(720))).toBeGreaterThan(priorityOf('cam', wide(180)))
})
