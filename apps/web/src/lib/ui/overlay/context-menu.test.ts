import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { contextMenu } from './context-menu.ts'

const box = { left: 1, top: 2, right: 3, bottom: 4 }
let opened: unknown[]
let element: HTMLElement
let detach: () => void

beforeEach(() => {
  vi.useFakeTimers()
  opened = []
  element = Object.assign(new EventTarget(), { getBoundingClientRect: () => box }) as unknown as HTMLElement
  detach = contextMenu((position) => opened.push(position))(element)
})
afterEach(() => {
  detach()
  vi.useRealTimers()
})

/** Dispatches an event with these properties; returns whether the browser may go on with it. */
function send(name: string, given: Record<string, unknown> = {}): boolean {
  const event = new Event(name, { cancelable: true })
  return element.dispatchEvent(Object.assign(event, { pointerType: 'touch', isPrimary: true }, given))
}

test('a right click opens the menu where it was pressed, and the menu key opens it at the element', () => {
  expect(send('contextmenu', { clientX: 30, clientY: 40 })).toBe(false)
  send('contextmenu', { clientX: 0, clientY: 0 })
  expect(opened).toEqual([{ x: 30, y: 40 }, box])
})

test('a long press opens the menu once, although some browsers send an event for it too, and its release is no click', () => {
  send('pointerdown', { clientX: 30, clientY: 40 })
  vi.advanceTimersByTime(499)
  expect(opened).toEqual([])
  vi.advanceTimersByTime(1)
  expect(send('contextmenu', { clientX: 30, clientY: 40 })).toBe(false)
  send('pointerup')
  expect(send('click')).toBe(false)
  expect(opened).toEqual([{ x: 30, y: 40 }])
})

test('a tap is a click, and a finger that scrolls opens nothing', () => {
  send('pointerdown', { clientX: 30, clientY: 40 })
  send('pointerup')
  expect(send('click')).toBe(true)
  send('pointerdown', { clientX: 30, clientY: 40 })
  send('pointermove', { clientX: 30, clientY: 52 })
  vi.advanceTimersByTime(1_000)
  expect(opened).toEqual([])
})

test('a press of a mouse button, however long, opens nothing by itself', () => {
  send('pointerdown', { pointerType: 'mouse', clientX: 30, clientY: 40 })
  vi.advanceTimersByTime(1_000)
  expect(opened).toEqual([])
})
