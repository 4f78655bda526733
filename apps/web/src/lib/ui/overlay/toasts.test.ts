import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Toasts } from './toasts.svelte.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const texts = (toasts: Toasts) => toasts.list.map(({ text }) => text)

test('a toast disappears by itself, and later when it has a button', () => {
  const toasts = new Toasts()
  toasts.show('plain')
  toasts.show('with action', { action: { label: 'Undo', act: () => {} } })
  vi.advanceTimersByTime(6000)
  expect(texts(toasts)).toEqual(['with action'])
  vi.advanceTimersByTime(6000)
  expect(texts(toasts)).toEqual([])
})

test('a toast stays while the pointer is on it', () => {
  const toasts = new Toasts()
  toasts.show('look')
  toasts.hold(toasts.list[0]?.id ?? 0)
  vi.advanceTimersByTime(60_000)
  expect(texts(toasts)).toEqual(['look'])
  toasts.resume(toasts.list[0]?.id ?? 0)
  vi.advanceTimersByTime(6000)
  expect(texts(toasts)).toEqual([])
})

test('the same toast is shown once, and at most three toasts are shown at a time', () => {
  const toasts = new Toasts()
  for (const text of ['a', 'b', 'a', 'c', 'd']) toasts.show(text)
  expect(texts(toasts)).toEqual(['a', 'c', 'd'])
})
