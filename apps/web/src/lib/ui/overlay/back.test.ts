import { afterEach, expect, test, vi } from 'vitest'
import { closeOnBack } from './back.ts'

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
  const closed: string[] = []
  closeOnBack(() => closed.push('panel'))
  closeOnBack(() => closed.push('menu'))
  expect([goBack(), closed]).toEqual([true, ['menu']])
  expect([goBack(), closed]).toEqual([true, ['menu', 'panel']])
  expect(goBack()).toBe(false)
})

test('what was closed in another way is not closed again by Back', () => {
  vi.stubGlobal('CloseWatcher', FakeWatcher)
  const stop = closeOnBack(() => expect.unreachable())
  stop()
  expect(goBack()).toBe(false)
})

test('in a browser that tells nothing of Back, things open and close all the same', () => {
  closeOnBack(() => undefined)()
})
