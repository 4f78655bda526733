import { expect, test } from 'vitest'
import { TileOrder } from './TileOrder.svelte.ts'

test('a new tile is put at the end, and a removed one moves only those behind it', () => {
  const { arrange } = newOrder(9)
  arrange(['a', 'b', 'c'])
  expect(arrange(['c', 'd', 'a', 'b'])).toEqual(['a', 'b', 'c', 'd'])
  expect(arrange(['a', 'c', 'd'])).toEqual(['a', 'c', 'd'])
})

test('a speaker whose tile is visible keeps the position', () => {
  const { arrange } = newOrder(2)
  arrange(['a', 'b', 'c'])
  expect(arrange(['a', 'b', 'c'], ['b'])).toEqual(['a', 'b', 'c'])
})

test('a speaker who is out of sight changes places with the visible participant who has been silent longest', () => {
  const { arrange } = newOrder(2)
  arrange(['a', 'b', 'c', 'd'], ['b'])
  expect(arrange(['a', 'b', 'c', 'd'], ['d'])).toEqual(['d', 'b', 'c', 'a'])
  expect(arrange(['a', 'b', 'c', 'd'], ['c'])).toEqual(['d', 'c', 'b', 'a'])
})

test('neither a pinned tile nor that of a speaker is moved out of sight', () => {
  const { arrange } = newOrder(2)
  arrange(['me', 'b', 'c'])
  expect(arrange(['me', 'b', 'c'], ['c', 'b'], new Set(['me']))).toEqual(['me', 'b', 'c'])
})

function newOrder(visibleCount: number) {
  const order = new TileOrder()
  const arrange = (keys: string[], speakers: string[] = [], pinned?: ReadonlySet<string>) => {
    order.update({ keys, speakers, visibleCount, ...(pinned ? { pinned } : {}) })
    return order.keys
  }
  return { arrange }
}
