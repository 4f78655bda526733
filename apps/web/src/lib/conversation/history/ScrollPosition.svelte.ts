import { tick } from 'svelte'
import type { VirtualizerHandle } from 'virtua/svelte'
import { hasAttention } from '#lib/browser/attention.ts'
import type { Conversation } from '../conversation.svelte.ts'
import { startIndex } from './anchor.ts'

/** A page is fetched when its edge is nearer than this. */
const FETCH_WITHIN_PX = 800
/** A reader who is nearer to the end than this is at the end. */
const AT_END_WITHIN_PX = 48
/** Farther from the end than this there is a button that jumps to it. */
const JUMP_BEYOND_PX = 240
/** How much of the read messages stays visible above the first unread one. */
const ABOVE_UNREAD_PX = 72
/** A message is seen when this much of it is above the lower edge. */
const SEEN_PX = 24

/**
 * Where the reader is in the list of messages. It begins at a message, such as the first unread one, or at the end, and stays there while sizes
 * become known and messages come, until the reader scrolls.
 */
export class ScrollPosition {
  scroller = $state<HTMLElement>()
  list = $state<VirtualizerHandle>()
  /** False until the list stands where the reader begins: before that it is hidden. */
  ready = $state(false)
  readonly isAway = $derived.by(() => this.ready && (!this.#conversation.view.attached || this.#toEnd > JUMP_BEYOND_PX))
  readonly #conversation: Conversation
  /** Pixels between the lower edge and the end. */
  #toEnd = $state(0)
  #followsEnd = true
  #staysAtStart = false
  /** From the first touch, key or turn of the wheel on, the reader decides where to be. */
  #touched = false
  /** Where the list was scrolled to for the start, and where the message stood that it starts with. */
  #start: { top: number; offset: number } | null = null
  /** Where the upper and the lower edge stood in the list. */
  #lastTop = 0
  #lastEdge = 0

  constructor(conversation: Conversation) {
    this.#conversation = conversation
  }

  /** Goes to where the reader begins, and shows the list there. Returns a function that stops it. */
  start(): () => void {
    const observer = new ResizeObserver(() => this.settle())
    if (this.scroller) observer.observe(this.scroller)
    void this.#begin(observer)
    return () => observer.disconnect()
  }

  /** Something grew: a message, the composer, a keyboard on the screen. */
  settle() {
    this.#stay()
    this.#fetchAndMarkSeen()
  }

  touch() {
    this.#touched = true
  }

  handleScroll() {
    if (!this.scroller || !(this.ready || this.#touched)) return
    this.#toEnd = this.#below()
    if (this.#hasLeftStart()) this.#staysAtStart = false
    // Any scroll upwards leaves the end, however slow it is.
    const isAtEnd = this.#hasMovedUp() ? this.#toEnd <= 1 : this.#followsEnd || this.#toEnd < AT_END_WITHIN_PX
    // The end of what is loaded is not the end: newer pages follow.
    this.#followsEnd = isAtEnd && this.#conversation.view.attached
    this.#noteEdges()
    this.#fetchAndMarkSeen()
  }

  /** Marks what is visible as read, if the person looks at this window. */
  markSeen() {
    const { scroller, list } = this
    if (!scroller || !list || !hasAttention()) return
    const { items } = this.#conversation
    const lowest = scroller.scrollTop + scroller.clientHeight - SEEN_PX
    const last = this.#toEnd < AT_END_WITHIN_PX ? items.length - 1 : list.findItemIndex(lowest)
    const item = items.slice(0, last + 1).findLast(({ kind }) => kind === 'row')
    if (item?.kind === 'row') void this.#conversation.markSeen(item.row.seq)
  }

  async jumpToEnd() {
    if (!this.#conversation.view.attached) return await this.#conversation.jumpToLatest()
    this.#staysAtStart = false
    this.#followsEnd = true
    this.#scrollToEnd()
  }

  async #begin(observer: ResizeObserver) {
    await tick()
    // What grows inside changes no size of the scroller: a late font, a card that opens, a reaction.
    for (const part of this.scroller?.children ?? []) observer.observe(part)
    this.#staysAtStart = this.#startIndex() >= 0
    this.#followsEnd = !this.#staysAtStart
    if (!this.#touched) this.#stay()
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    this.ready = true
    if (this.#touched) this.handleScroll()
    else this.settle()
  }

  /** Repeated with each size that becomes known. The list could do so by itself, but would then hold a reader who scrolls. */
  #stay() {
    if (this.#touched && this.#hasLeftEnd()) this.#followsEnd = false
    if (this.#followsEnd && this.#conversation.view.attached) this.#scrollToEnd()
    else if (this.#staysAtStart && !this.#touched) this.#scrollToStart()
  }

  /** The browser sends the scroll event only with the next frame. */
  #hasLeftEnd(): boolean {
    return this.#hasMovedUp() && this.#below() > 1
  }

  /**
   * Both edges have. When the composer grows or shrinks, or a keyboard comes, only one of them moves, and the browser tells of a scroll that
   * nobody made.
   */
  #hasMovedUp(): boolean {
    const { scroller } = this
    if (!scroller) return false
    return scroller.scrollTop < this.#lastTop && scroller.scrollTop + scroller.clientHeight < this.#lastEdge
  }

  #noteEdges() {
    if (!this.scroller) return
    this.#lastTop = this.scroller.scrollTop
    this.#lastEdge = this.#lastTop + this.scroller.clientHeight
  }

  /**
   * A search in the page or a script scrolls without a touch. When the virtualizer moves the list, the messages move with it; and the
   * browser moves it when the end comes nearer.
   */
  #hasLeftStart(): boolean {
    if (!this.scroller || !this.list || !this.#staysAtStart || !this.#start) return false
    const { top, offset } = this.#start
    const isMoved = Math.abs(this.scroller.scrollTop - top) > 1 && this.#toEnd > 1
    return isMoved && this.list.getItemOffset(this.#startIndex()) === offset
  }

  #below(): number {
    const { scroller } = this
    return scroller ? scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight : 0
  }

  #scrollToEnd() {
    if (!this.scroller) return
    this.scroller.scrollTop = this.scroller.scrollHeight
    this.#noteEdges()
  }

  /** What is dropped above moves all below it up, which is no scroll of the reader. */
  #moveReader(index: number) {
    const item = this.#conversation.items[index]
    if (item?.kind !== 'row') return
    const { rows } = this.#conversation.view
    this.#conversation.moveReader(item.row.seq, !this.isAway)
    if (this.#conversation.view.rows[0] !== rows[0]) this.#lastTop = this.#lastEdge = 0
  }

  #startIndex(): number {
    return startIndex(this.#conversation.items, this.#conversation.view.openedAt)
  }

  /** A message that was asked for stands in the middle, and one where the reader has stopped at the top. */
  #scrollToStart() {
    const index = this.#startIndex()
    if (!this.scroller || !this.list || index < 0) return
    const { openedAt } = this.#conversation.view
    const free = this.scroller.clientHeight - this.list.getItemSize(index)
    const above = !openedAt?.seq ? ABOVE_UNREAD_PX : openedAt.asked === null ? 0 : Math.max(0, free / 2)
    const offset = this.list.getItemOffset(index)
    this.scroller.scrollTop = offset - above
    this.#start = { top: this.scroller.scrollTop, offset }
  }

  #fetchAndMarkSeen() {
    if (!this.scroller || !this.list || !this.ready) return
    this.#toEnd = this.#below()
    const { older, newer } = this.#conversation.view
    if (this.scroller.scrollTop < FETCH_WITHIN_PX && older === 'more') void this.#conversation.loadOlder()
    if (this.#toEnd < FETCH_WITHIN_PX && newer === 'more') void this.#conversation.loadNewer()
    this.markSeen()
    this.#moveReader(this.list.findItemIndex(this.scroller.scrollTop))
  }
}
