import { afterEach, expect, test, vi } from 'vitest'
import { layerDepth, leaveLayerEntries, stateWithLayers } from './layer-depth.ts'

afterEach(() => vi.unstubAllGlobals())

/** The history of a tab that stands at this entry; `go` takes effect later, as in a browser. */
function standAt(state: object | null) {
  const target = new EventTarget()
  const moves: number[] = []
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target))
  vi.stubGlobal('history', {
    state,
    go: (delta: number) =>
      void setImmediate(() => void (moves.push(delta), target.dispatchEvent(new Event('popstate')))),
  })
  return moves
}

test('a page that is reloaded with two open layers goes back to its own entry before anything else begins', async () => {
  const moves = standAt(stateWithLayers({ state: { kit: 1 } }, 2))
  await leaveLayerEntries()
  expect(moves).toEqual([-2])
})

test('a page without open layers stays where it is', async () => {
  const moves = standAt({ kit: 1 })
  await leaveLayerEntries()
  await new Promise((resolve) => setImmediate(resolve))
  expect([moves, layerDepth(history)]).toEqual([[], 0])
})
