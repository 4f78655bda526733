import type { SeatId } from '@veche/shared/ids'
import { beforeEach, expect, test } from 'vitest'
import { TestWorld } from '#lib/test/world.ts'
import { View } from './view.svelte.ts'

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
let resized: ((width: number) => void) | undefined

beforeEach(() => {
  page.visibilityState = 'visible'
  class ResizeObserver {
    constructor(call: (entries: object[]) => void) {
      resized = (width) => call([...this.seen].map((target) => ({ target, contentRect: { width, height: 90 } })))
    }
    readonly seen = new Set<unknown>()
    observe(target: unknown) {
      this.seen.add(target)
    }
    unobserve(target: unknown) {
      this.seen.delete(target)
    }
    disconnect() {
      this.seen.clear()
    }
  }
  Object.assign(globalThis, { document: page, ResizeObserver, devicePixelRatio: 2 })
})

test('what is on the screen is told once for many changes, in physical pixels', async () => {
  const { world, told, view } = newView()
  view.shows(seat('a'), 'cam')(element())
  view.shows(seat('b'), 'screen')(element())
  resized?.(160)
  await world.pass(60)
  expect(told).toEqual([
    [
      { seatId: 'a', source: 'cam', width: 320, height: 180 },
      { seatId: 'b', source: 'screen', width: 320, height: 180 },
    ],
  ])
})

test('a tile that goes to another place is never out of sight in between', async () => {
  const { world, told, view } = newView()
  const goes = view.shows(seat('a'), 'cam')(element())
  await world.pass(1_000)
  goes()
  view.shows(seat('a'), 'cam')(element())
  await world.pass(1_000)
  expect(told.filter((tiles) => tiles.length === 0)).toEqual([])
})

test('pictures stop five seconds after the tab is hidden, and come at once when it is shown', async () => {
  const { world, told, view } = newView()
  view.shows(seat('a'), 'cam')(element())
  await world.pass(1_000)
  turn('hidden')
  await world.pass(4_999)
  expect(told.at(-1)).toHaveLength(1)
  await world.pass(1 + 60)
  expect(told.at(-1)).toEqual([])
  turn('visible')
  await world.pass(60)
  expect(told.at(-1)).toHaveLength(1)
})

test('a tab that is hidden for less is not told of at all', async () => {
  const { world, told } = newView()
  await world.pass(1_000)
  const before = told.length
  for (const state of ['hidden', 'visible', 'hidden', 'visible']) {
    turn(state)
    await world.pass(4_000)
  }
  await world.pass(10_000)
  expect(told).toHaveLength(before)
})

test('at the end nothing is seen, and nothing is told later', async () => {
  const { world, told, view, stop } = newView()
  view.shows(seat('a'), 'cam')(element())
  turn('hidden')
  stop()
  expect(told).toEqual([[]])
  turn('visible')
  await world.pass(10_000)
  expect(told).toEqual([[]])
})

function newView() {
  const world = new TestWorld()
  const told: object[][] = []
  const view = new View({ setVisibleTiles: (tiles) => told.push(tiles) }, world.tab())
  return { world, told, view, stop: view.start() }
}

function turn(state: string) {
  page.visibilityState = state
  page.dispatchEvent(new Event('visibilitychange'))
}

function element(): Element {
  return { getBoundingClientRect: () => ({ width: 100, height: 50 }) } as unknown as Element
}

function seat(name: string): SeatId {
  return name as SeatId
}
