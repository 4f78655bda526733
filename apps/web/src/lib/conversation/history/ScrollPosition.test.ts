import type { VirtualizerHandle } from 'virtua/svelte'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Conversation } from '../conversation.svelte.ts'
import { ScrollPosition } from './ScrollPosition.svelte.ts'

const ITEM_PX = 100
const UNREAD = 50
/** Where the list is scrolled to, so that something of what was read stays visible above the first unread message. */
const START_PX = UNREAD * ITEM_PX - 72

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => void queueMicrotask(run))
  vi.stubGlobal('document', { visibilityState: 'hidden', hasFocus: () => false })
  vi.stubGlobal('ResizeObserver', FakeResizeObserver)
})
afterEach(() => vi.unstubAllGlobals())

/** Tells of a new size of what it observes, and of nothing else. */
class FakeResizeObserver {
  static last: FakeResizeObserver
  readonly #observed = new Set<unknown>()
  readonly #onResize: () => void

  constructor(onResize: () => void) {
    this.#onResize = onResize
    FakeResizeObserver.last = this
  }

  observe(part: unknown) {
    this.#observed.add(part)
  }

  disconnect() {
    this.#observed.clear()
  }

  resize(part: unknown) {
    if (this.#observed.has(part)) this.#onResize()
  }
}

/** A list of a hundred messages in a window of five. It opens at the first unread one, or at the end if there is none. */
async function openAtUnread({ unread = UNREAD, attached = false } = {}) {
  const content = {}
  const scroller = { scrollTop: 0, clientHeight: 5 * ITEM_PX, scrollHeight: 0, children: [content] }
  const list = { count: 100, before: 0, scroller, content }
  const row = (seq: number) => ({
    kind: 'row',
    key: `m${seq}`,
    row: { seq, kind: 'text' },
    isFirstUnread: seq === unread,
  })
  const conversation = {
    get items() {
      return Array.from({ length: list.before + list.count }, (_, index) => row(index - list.before))
    },
    view: { openedAt: null, rows: [], attached, older: 'none', newer: 'none' },
    moveReader: () => undefined,
    markSeen: () => undefined,
  }
  const handle = {
    getItemOffset: (index: number) => index * ITEM_PX,
    getItemSize: () => ITEM_PX,
    findItemIndex: (px: number) => Math.floor(px / ITEM_PX),
  }
  const position = new ScrollPosition(conversation as unknown as Conversation)
  position.scroller = list.scroller as unknown as HTMLElement
  position.list = handle as unknown as VirtualizerHandle
  const measure = () => (list.scroller.scrollHeight = (list.before + list.count) * ITEM_PX)
  measure()
  position.start()
  await vi.waitUntil(() => position.ready)
  return { position, list, measure }
}

test('a history opens at the first unread message, and stays there while pages come', async () => {
  const { position, list, measure } = await openAtUnread()
  expect(list.scroller.scrollTop).toBe(START_PX)
  list.before = 20
  measure()
  // The virtualizer keeps what is visible where it is.
  list.scroller.scrollTop += 20 * ITEM_PX
  position.handleScroll()
  position.settle()
  expect(list.scroller.scrollTop).toBe(START_PX + 20 * ITEM_PX)
})

test('a search in the page that scrolls without a touch is not taken back when a page comes', async () => {
  const { position, list, measure } = await openAtUnread()
  list.scroller.scrollTop = 1_000
  position.handleScroll()
  list.before = 20
  measure()
  list.scroller.scrollTop += 20 * ITEM_PX
  position.handleScroll()
  position.settle()
  expect(list.scroller.scrollTop).toBe(1_000 + 20 * ITEM_PX)
})

test('a list that grows above the first unread message is scrolled to it again', async () => {
  const { position, list, measure } = await openAtUnread()
  list.before = 3
  measure()
  position.handleScroll()
  position.settle()
  expect(list.scroller.scrollTop).toBe(START_PX + 3 * ITEM_PX)
})

test('a history that is followed stands at its end after something in it has grown', async () => {
  const { list } = await openAtUnread({ unread: -1, attached: true })
  list.scroller.scrollHeight += 25
  FakeResizeObserver.last.resize(list.content)
  expect(list.scroller.scrollTop).toBe(list.scroller.scrollHeight)
})

test('a history that is followed stays so when the composer shrinks while a message comes, and not when the reader scrolls up', async () => {
  const { position, list } = await openAtUnread({ unread: -1, attached: true })
  const { scroller } = list
  const toEnd = () => (scroller.scrollTop = scroller.scrollHeight - scroller.clientHeight)
  position.touch()
  toEnd()
  position.handleScroll()
  // The window grows by what the composer lost, the browser moves the list to its end, and below it a message has come.
  scroller.clientHeight += 60
  toEnd()
  scroller.scrollHeight += 430
  position.handleScroll()
  FakeResizeObserver.last.resize(list.content)
  expect(scroller.scrollTop).toBe(scroller.scrollHeight)
  toEnd()
  position.handleScroll()
  scroller.scrollTop -= 200
  position.handleScroll()
  const { scrollTop } = scroller
  scroller.scrollHeight += 430
  FakeResizeObserver.last.resize(list.content)
  expect(scroller.scrollTop).toBe(scrollTop)
})
