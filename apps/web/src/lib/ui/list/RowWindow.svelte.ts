/** Rows that are in the page above and below those in view. */
const ROWS_AROUND = 8
/** Until the list is measured. */
const FIRST_HEIGHT_PX = 900

/** What is in the page of a long list whose rows are all of one height: the rows in view and a few around them. */
export class RowWindow {
  rowPx = $state(64)
  #top = $state(0)
  #height = $state(FIRST_HEIGHT_PX)
  #scroller: HTMLElement | undefined
  readonly #from = $derived(Math.max(0, Math.floor(this.#top / this.rowPx) - ROWS_AROUND))
  readonly #to = $derived(Math.ceil((this.#top + this.#height) / this.rowPx) + ROWS_AROUND)

  /** The indexes of the rows in the page. `kept` is there wherever the reader is, because it has the focus or is the way into the list. */
  indexes(count: number, kept: number): number[] {
    const from = Math.min(this.#from, Math.max(0, count - (this.#to - this.#from)))
    const inView = Array.from({ length: Math.max(0, Math.min(this.#to, count) - from) }, (_, step) => from + step)
    if (kept < 0 || kept >= count || inView.includes(kept)) return inView
    return kept < from ? [kept, ...inView] : [...inView, kept]
  }

  /** For the element that scrolls; its first row is at its upper edge. */
  watch = (scroller: HTMLElement) => {
    this.#scroller = scroller
    const read = () => {
      this.#top = scroller.scrollTop
      this.#height = scroller.clientHeight
    }
    // It tells the first height, too. To ask for it here would lay out the page twice.
    const observer = new ResizeObserver(read)
    observer.observe(scroller)
    scroller.addEventListener('scroll', read, { passive: true })
    return () => {
      observer.disconnect()
      scroller.removeEventListener('scroll', read)
    }
  }

  /** For a row: all have its height. */
  measure = (row: HTMLElement) => {
    const observer = new ResizeObserver(() => (this.rowPx = row.offsetHeight || this.rowPx))
    observer.observe(row)
    return () => observer.disconnect()
  }

  /** Scrolls as little as brings the row into view. */
  show(index: number): void {
    const scroller = this.#scroller
    if (!scroller) return
    const [top, bottom] = [index * this.rowPx, (index + 1) * this.rowPx]
    if (top < scroller.scrollTop) scroller.scrollTop = top
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight
    this.#top = scroller.scrollTop
  }

  scrollToTop(): void {
    if (this.#scroller) this.#scroller.scrollTop = 0
    this.#top = 0
  }

  /** The list has another order: what is in view stays where it is, unless the reader is at the top. To be called when it is in the page. */
  follow(before: readonly { id: string }[], after: readonly { id: string }[]): void {
    const scroller = this.#scroller
    if (!scroller || this.#top === 0) return
    const rows = movedBy(before, after, Math.floor(this.#top / this.rowPx))
    if (rows === 0) return
    scroller.scrollTop += rows * this.rowPx
    this.#top = scroller.scrollTop
  }
}

/** How many rows farther down the rows in view are now. The first of them may have moved by itself, as a chat with a new message does. */
export function movedBy(before: readonly { id: string }[], after: readonly { id: string }[], first: number): number {
  if (before === after) return 0
  const moves = before.slice(first, first + 2).flatMap(({ id }, step) => {
    const index = after.findIndex((row) => row.id === id)
    return index < 0 ? [] : [index - first - step]
  })
  return moves.sort((a, b) => Math.abs(a) - Math.abs(b))[0] ?? 0
}
