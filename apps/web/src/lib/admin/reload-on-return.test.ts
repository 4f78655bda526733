import { expect, onTestFinished, test } from 'vitest'
import { FakeBrowser } from '../../../test/browser.ts'
import { Query } from '#lib/api/Query.svelte.ts'
import { reloadOnReturn } from './reload-on-return.ts'

function start() {
  const browser = new FakeBrowser()
  onTestFinished(() => browser.remove())
  let usesLeft = 5
  const query = new Query(async () => usesLeft--)
  return { browser, query, stop: reloadOnReturn(query) }
}

const look = (visibilityState: DocumentVisibilityState) => {
  Object.assign(document, { visibilityState })
  document.dispatchEvent(new Event('visibilitychange'))
}

test('what a page shows is loaded again when its window is looked at again, once for each return', async () => {
  const { query } = start()
  await query.load()
  look('hidden')
  expect(query.busy).toBe(false)
  look('visible')
  dispatchEvent(new Event('focus'))
  await expect.poll(() => query.value).toBe(4)
  dispatchEvent(new Event('focus'))
  await expect.poll(() => query.value).toBe(3)
})

test('a page that is left loads nothing any more', () => {
  const { browser, query, stop } = start()
  stop()
  look('visible')
  dispatchEvent(new Event('focus'))
  expect([query.busy, browser.listeners]).toEqual([false, []])
})
