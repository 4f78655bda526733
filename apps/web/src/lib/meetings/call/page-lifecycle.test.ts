import { beforeEach, expect, test } from 'vitest'
import { TestWorld } from '#lib/test/world.ts'
import { Browser } from '../../../../test/browser.ts'
import { watchPageLifecycle } from './page-lifecycle.ts'

beforeEach(() => void new Browser())

test('a page reports every minute that it is alive, so that a reload of a long call can rejoin', async () => {
  const { world, events } = newPage()
  await world.pass(180_000)
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
  const { world, events, stop } = newPage()
  stop()
  dispatchEvent(new Event('pagehide'))
  await world.pass(180_000)
  expect(events).toEqual([])
})

function newPage() {
  const world = new TestWorld()
  const events: string[] = []
  const stop = watchPageLifecycle(world.tab(), {
    hide: () => events.push('hide'),
    restore: () => events.push('restore'),
    alive: () => events.push('alive'),
  })
  return { world, events, stop }
}
