import { afterEach, expect, test, vi } from 'vitest'
import { OpenLayers } from './OpenLayers.ts'

/** Watchers as in Chrome: Back closes the one that was made last. */
let watchers: FakeWatcher[] = []
class FakeWatcher {
  onclose: (() => void) | null = null

  constructor() {
    watchers.push(this)
  }

  destroy() {
    watchers = watchers.filter((each) => each !== this)
  }
}

/** False when the page is left. */
function goBack(): boolean {
  const watcher = watchers.pop()
  watcher?.onclose?.()
  return watcher !== undefined
}

afterEach(() => {
  watchers = []
  vi.unstubAllGlobals()
})

test('Back closes what was opened last, and leaves the page when nothing is open', () => {
  vi.stubGlobal('CloseWatcher', FakeWatcher)
  const layers = new OpenLayers()
  const closed: string[] = []
  layers.add(() => closed.push('panel'))
  layers.add(() => closed.push('menu'))
  expect([goBack(), closed]).toEqual([true, ['menu']])
  expect([goBack(), closed]).toEqual([true, ['menu', 'panel']])
  expect(goBack()).toBe(false)
})

test('what was closed in another way is not closed again by Back', () => {
  vi.stubGlobal('CloseWatcher', FakeWatcher)
  const stop = new OpenLayers().add(() => expect.unreachable())
  stop()
  expect(goBack()).toBe(false)
})

test('a browser with a CloseWatcher closes dialogs by itself, and nothing is listed', () => {
  vi.stubGlobal('CloseWatcher', FakeWatcher)
  const layers = new OpenLayers()
  layers.add(() => undefined)
  layers.addDialog(() => undefined)
  expect([watchers.length, layers.list.length]).toEqual([1, 0])
})

test('without a CloseWatcher menus and dialogs are listed until they are closed', () => {
  const layers = new OpenLayers()
  const changes: number[] = []
  layers.onChange = () => changes.push(layers.list.length)
  const closeMenu = layers.add(() => undefined)
  const closeDialog = layers.addDialog(() => undefined)
  closeMenu()
  closeDialog()
  expect(changes).toEqual([1, 2, 1, 0])
})

test('a layer that is closed twice closes no other one', () => {
  const layers = new OpenLayers()
  layers.add(() => undefined)
  const closeMenu = layers.add(() => undefined)
  const changes: number[] = []
  layers.onChange = () => changes.push(layers.list.length)
  closeMenu()
  closeMenu()
  expect(changes).toEqual([1])
})
