import type { SeatId } from '@veche/shared/ids'
import { beforeEach, expect, test } from 'vitest'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { VisibleTiles } from './VisibleTiles.ts'

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

test('every change of the visible tiles is reported at once, in physical pixels', () => {
  const { reported, tiles } = newTiles()
  tiles.attach(seat('a'), 'cam')(element())
  tiles.attach(seat('b'), 'screen')(element())
  resized?.(160)
  expect(reported.at(-1)).toEqual([
    { seatId: 'a', source: 'cam', width: 320, height: 180 },
    { seatId: 'b', source: 'screen', width: 320, height: 180 },
  ])
})

test('a tile that moves to another element is reported with its size as soon as it is there', () => {
  const { reported, tiles } = newTiles()
  const remove = tiles.attach(seat('a'), 'cam')(element())
  remove()
  tiles.attach(seat('a'), 'cam')(element())
  expect(reported.at(-1)).toEqual([{ seatId: 'a', source: 'cam', width: 200, height: 100 }])
})

test('no tile is visible from five seconds after the tab was hidden until it is shown', async () => {
  const { environment, reported, tiles } = newTiles()
  tiles.attach(seat('a'), 'cam')(element())
  await environment.pass(1_000)
  setVisibility('hidden')
  await environment.pass(4_999)
  expect(reported.at(-1)).toHaveLength(1)
  await environment.pass(1)
  expect(reported.at(-1)).toEqual([])
  setVisibility('visible')
  expect(reported.at(-1)).toHaveLength(1)
})

test('a tab that is hidden for less than five seconds changes nothing', async () => {
  const { environment, reported } = newTiles()
  await environment.pass(1_000)
  const before = reported.length
  for (const state of ['hidden', 'visible', 'hidden', 'visible']) {
    setVisibility(state)
    await environment.pass(4_000)
  }
  await environment.pass(10_000)
  expect(reported).toHaveLength(before)
})

test('stopping reports that no tile is visible, and nothing is reported afterwards', async () => {
  const { environment, reported, tiles, stop } = newTiles()
  tiles.attach(seat('a'), 'cam')(element())
  setVisibility('hidden')
  stop()
  expect(reported.at(-1)).toEqual([])
  const before = reported.length
  setVisibility('visible')
  await environment.pass(10_000)
  expect(reported).toHaveLength(before)
})

function newTiles() {
  const environment = new TestEnvironment()
  const reported: object[][] = []
  const tiles = new VisibleTiles({ setVisibleTiles: (visible) => reported.push(visible) }, environment.forTab())
  return { environment, reported, tiles, stop: tiles.start() }
}

function setVisibility(state: string) {
  page.visibilityState = state
  page.dispatchEvent(new Event('visibilitychange'))
}

function element(): Element {
  return { getBoundingClientRect: () => ({ width: 100, height: 50 }) } as unknown as Element
}

function seat(name: string): SeatId {
  return name as SeatId
}
