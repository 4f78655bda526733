import { beforeEach, expect, test } from 'vitest'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { FakeBrowser } from '../../../../test/browser.ts'
import { watchPageLifecycle } from './page-lifecycle.ts'

beforeEach(() => void new FakeBrowser())

test('a page reports every minute that it is alive, so that a reload of a long call can rejoin', async () => {
  const { environment, events } = newPage()
  await environment.pass(180_000)
  expect(events).toEqual(['alive', 'alive', 'alive'])
})

test('a page that is hidden is reported, and its return from the back/forward cache as well', () => {
  const { events } = newPage()
  dispatchEvent(new Event('pagehide'))
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
  expect(events).toEqual(['hide'])
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  expect(events).toEqual(['hide', 'restore'])
})

test('after stopping nothing is reported', async () => {
  const { environment, events, stop } = newPage()
  stop()
  dispatchEvent(new Event('pagehide'))
  await environment.pass(180_000)
  expect(events).toEqual([])
})

function newPage() {
  const environment = new TestEnvironment()
  const events: string[] = []
  const stop = watchPageLifecycle(environment.forTab(), {
    hide: () => events.push('hide'),
    restore: () => events.push('restore'),
    alive: () => events.push('alive'),
  })
  return { environment, events, stop }
}
