import { expect, test } from 'vitest'
import { TileOrder } from './order.ts'

const nobody: ReadonlySet<string> = new Set()

test('whoever comes is put at the end, and whoever goes moves nobody but those behind', () => {
  const order = new TileOrder()
  order.arrange(['a', 'b', 'c'], [], 9, nobody)
  expect(order.arrange(['c', 'd', 'a', 'b'], [], 9, nobody)).toEqual(['a', 'b', 'c', 'd'])
  expect(order.arrange(['a', 'c', 'd'], [], 9, nobody)).toEqual(['a', 'c', 'd'])
})

test('whoever speaks on the first page stays in place', () => {
  const order = new TileOrder()
  order.arrange(['a', 'b', 'c'], [], 2, nobody)
  expect(order.arrange(['a', 'b', 'c'], ['b'], 2, nobody)).toEqual(['a', 'b', 'c'])
})

test('whoever speaks elsewhere changes places with the one who has been silent longest', () => {
  const order = new TileOrder()
  order.arrange(['a', 'b', 'c', 'd'], ['b'], 2, nobody)
  expect(order.arrange(['a', 'b', 'c', 'd'], ['d'], 2, nobody)).toEqual(['d', 'b', 'c', 'a'])
  expect(order.arrange(['a', 'b', 'c', 'd'], ['c'], 2, nobody)).toEqual(['d', 'c', 'b', 'a'])
})

test('one’s own tile is never put back, and neither is anybody who speaks', () => {
  const order = new TileOrder()
  order.arrange(['me', 'b', 'c'], [], 2, nobody)
  expect(order.arrange(['me', 'b', 'c'], ['c', 'b'], 2, new Set(['me']))).toEqual(['me', 'b', 'c'])
})
