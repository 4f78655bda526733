import type { SeatId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { View } from './View.ts'

const tile = (name: string, width = 320) => ({ seatId: name as SeatId, source: 'cam' as const, width, height: 180 })

test('the first change is told at once, and those that follow closely together, when they are over', async () => {
  const { environment, view, told } = newView()
  view.set([tile('a')])
  expect(told).toEqual([[tile('a')]])
  view.set([tile('a', 400)])
  await environment.pass(200)
  view.set([tile('a', 500)])
  await environment.pass(299)
  expect(told).toHaveLength(1)
  await environment.pass(1)
  expect(told.slice(1)).toEqual([[tile('a', 500)]])
})

test('what is the same is not told again', async () => {
  const { environment, view, told } = newView()
  view.set([tile('a')])
  view.set([tile('b')])
  view.set([tile('a')])
  await environment.pass(1_000)
  view.set([tile('a')])
  await environment.pass(1_000)
  expect(told).toHaveLength(1)
})

test('another node is told what is on the screen now', async () => {
  const { environment, view, told } = newView()
  view.set([tile('a')])
  await environment.pass(1_000)
  view.again()
  expect(told).toEqual([[tile('a')], [tile('a')]])
})

test('nothing is told after the end', async () => {
  const { environment, view, told } = newView()
  view.set([tile('a')])
  view.set([tile('b')])
  view.stop()
  await environment.pass(1_000)
  expect(told).toHaveLength(1)
})

function newView() {
  const environment = new TestEnvironment()
  const told: unknown[] = []
  return { environment, told, view: new View(environment.forTab(), (tiles) => told.push(tiles)) }
}
