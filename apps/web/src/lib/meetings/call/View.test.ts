import type { SeatId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { TestWorld } from '#lib/test/world.ts'
import { View } from './View.ts'

const tile = (name: string, width = 320) => ({ seatId: name as SeatId, source: 'cam' as const, width, height: 180 })

test('the first change is told at once, and those that follow closely together, when they are over', async () => {
  const { world, view, told } = newView()
  view.set([tile('a')])
  expect(told).toEqual([[tile('a')]])
  view.set([tile('a', 400)])
  await world.pass(200)
  view.set([tile('a', 500)])
  await world.pass(299)
  expect(told).toHaveLength(1)
  await world.pass(1)
  expect(told.slice(1)).toEqual([[tile('a', 500)]])
})

test('what is the same is not told again', async () => {
  const { world, view, told } = newView()
  view.set([tile('a')])
  view.set([tile('b')])
  view.set([tile('a')])
  await world.pass(1_000)
  view.set([tile('a')])
  await world.pass(1_000)
  expect(told).toHaveLength(1)
})

test('another node is told what is on the screen now', async () => {
  const { world, view, told } = newView()
  view.set([tile('a')])
  await world.pass(1_000)
  view.again()
  expect(told).toEqual([[tile('a')], [tile('a')]])
})

test('nothing is told after the end', async () => {
  const { world, view, told } = newView()
  view.set([tile('a')])
  view.set([tile('b')])
  view.stop()
  await world.pass(1_000)
  expect(told).toHaveLength(1)
})

function newView() {
  const world = new TestWorld()
  const told: unknown[] = []
  return { world, told, view: new View(world.tab(), (tiles) => told.push(tiles)) }
}
