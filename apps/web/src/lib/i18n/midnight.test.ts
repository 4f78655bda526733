import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchMidnight } from './midnight.ts'

const hour = 3_600_000
let page: EventTarget
let calls: number
let stop: () => void

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 29, 22, 0) })
  page = new EventTarget()
  vi.stubGlobal('document', page)
  calls = 0
  stop = watchMidnight(() => (calls += 1))
})
afterEach(() => {
  stop()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('each midnight calls once, and nothing calls after the stop', () => {
  vi.advanceTimersByTime(2 * hour - 1)
  expect(calls).toBe(0)
  vi.advanceTimersByTime(1)
  expect(calls).toBe(1)
  vi.advanceTimersByTime(24 * hour)
  expect(calls).toBe(2)
  stop()
  vi.advanceTimersByTime(48 * hour)
  expect(calls).toBe(2)
})

test('a midnight that the machine slept through calls as soon as the page is shown', () => {
  vi.setSystemTime(new Date(2026, 10, 30, 9, 0))
  page.dispatchEvent(new Event('visibilitychange'))
  expect(calls).toBe(1)
  page.dispatchEvent(new Event('visibilitychange'))
  expect(calls).toBe(1)
})
