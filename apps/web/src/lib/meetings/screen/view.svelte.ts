import type { ViewTile } from '@veche/sfu/router'
import type { SeatId } from '@veche/shared/ids'
import { createContext } from 'svelte'
import { browserWorld } from '#lib/live/browser.ts'
import type { World } from '#lib/live/world.ts'
import type { Call } from '../call/Call.svelte.ts'

/** A tab that is hidden for so long needs no pictures. */
const UNSEEN_MS = 5_000
/** Many tiles change at once: one word to the media node is enough. */
const TOGETHER_MS = 60

/** Tells the call which pictures are on the screen, and how large in physical pixels: nobody sends what nobody sees. */
export class View {
  readonly #call: Pick<Call, 'setVisibleTiles'>
  readonly #world: World
  readonly #seen = new Map<Element, ViewTile>()
  readonly #observer = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) this.#measure(target, contentRect)
  })
  #telling: (() => void) | undefined
  #hiding: (() => void) | undefined
  #hidden = false

  constructor(call: Pick<Call, 'setVisibleTiles'>, world = browserWorld()) {
    this.#call = call
    this.#world = world
  }

  /** Answers how to stop. Without tiles nothing is seen, which is said as well. */
  start(): () => void {
    const follow = () => this.#follow(document.visibilityState === 'hidden')
    document.addEventListener('visibilitychange', follow)
    this.#tellSoon()
    return () => {
      document.removeEventListener('visibilitychange', follow)
      this.#telling?.()
      this.#hiding?.()
      this.#observer.disconnect()
      this.#seen.clear()
      this.#call.setVisibleTiles([])
    }
  }

  /** An attachment for the element that shows this picture. */
  shows(seatId: SeatId, source: 'cam' | 'screen') {
    return (element: Element) => {
      // Measured at once: a tile that moves to another place is never out of sight in between.
      this.#seen.set(element, { seatId, source, width: 0, height: 0 })
      this.#measure(element, element.getBoundingClientRect())
      this.#observer.observe(element)
      return () => {
        this.#observer.unobserve(element)
        this.#seen.delete(element)
        this.#tellSoon()
      }
    }
  }

  #measure(element: Element, box: DOMRectReadOnly) {
    const seen = this.#seen.get(element)
    if (!seen) return
    seen.width = Math.round(box.width * devicePixelRatio)
    seen.height = Math.round(box.height * devicePixelRatio)
    this.#tellSoon()
  }

  #follow(hidden: boolean) {
    this.#hiding?.()
    if (hidden) this.#hiding = this.#world.after(UNSEEN_MS, () => this.#hide(true))
    else this.#hide(false)
  }

  #hide(hidden: boolean) {
    if (this.#hidden === hidden) return
    this.#hidden = hidden
    this.#tellSoon()
  }

  #tellSoon() {
    this.#telling ??= this.#world.after(TOGETHER_MS, () => {
      this.#telling = undefined
      const shown = this.#hidden ? [] : [...this.#seen.values()].filter(({ width, height }) => width > 0 && height > 0)
      this.#call.setVisibleTiles(shown.map(({ seatId, source, width, height }) => ({ seatId, source, width, height })))
    })
  }
}

export const [getView, setView] = createContext<View>()
