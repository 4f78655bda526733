import { beforeEach, expect, test, vi } from 'vitest'
import { Updates } from './updates.svelte.ts'

let page: EventTarget
beforeEach(() => {
  page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
})

test.each([
  ['has another version', async () => true, true],
  ['has the same version', async () => false, false],
  ['does not answer', () => Promise.reject(new Error('away')), false],
])('when a file cannot be loaded and the server %s, a new version is offered: %s', async (_, isOutdated, offered) => {
  const updates = new Updates(isOutdated)
  updates.start()
  page.dispatchEvent(new Event('vite:preloadError'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(updates.ready).toBe(offered)
})
