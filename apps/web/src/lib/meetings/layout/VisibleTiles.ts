import type { ViewTile } from '@veche/sfu/router'
import type { SeatId } from '@veche/shared/ids'
import { createContext } from 'svelte'
import { browserEnvironment } from '#lib/live/browser-environment.ts'
import type { Environment } from '#lib/live/environment.ts'
import type { Call } from '../call/Call.svelte.ts'

/** After this time in a hidden tab no pictures are needed; a shorter absence changes nothing. */
const HIDDEN_AFTER_MS = 5_000

/** Reports to the call which pictures are on the screen, and how large in physical pixels: pictures that are not shown need not be sent. */
export class VisibleTiles {
  readonly #call: Pick<Call, 'setVisibleTiles'>
  readonly #environment: Environment
  readonly #tiles = new Map<Element, ViewTile>()
  readonly #observer = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) this.#measure(target, contentRect)
  })
  #cancelHiding: (() => void) | undefined
  #hidden = false

  constructor(call: Pick<Call, 'setVisibleTiles'>, environment = browserEnvironment()) {
    this.#call = call
    this.#environment = environment
  }

  /** Returns a function that stops it, and reports that no tile is visible any longer. */
  start(): () => void {
    const update = () => this.#setTabHidden(document.visibilityState === 'hidden')
    document.addEventListener('visibilitychange', update)
    this.#report()
    return () => {
      document.removeEventListener('visibilitychange', update)
      this.#cancelHiding?.()
      this.#observer.disconnect()
      this.#tiles.clear()
      this.#call.setVisibleTiles([])
    }
  }

  /** An attachment for the element that shows this picture. */
  attach(seatId: SeatId, source: 'cam' | 'screen') {
    return (element: Element) => {
      // Measured without waiting for the observer: a tile that moves to another position stays visible all the time.
      this.#tiles.set(element, { seatId, source, width: 0, height: 0 })
      this.#measure(element, element.getBoundingClientRect())
      this.#observer.observe(element)
      return () => {
        this.#observer.unobserve(element)
        this.#tiles.delete(element)
        this.#report()
      }
    }
  }

  #measure(element: Element, box: DOMRectReadOnly) {
    const tile = this.#tiles.get(element)
    if (!tile) return
    tile.width = Math.round(box.width * devicePixelRatio)
    tile.height = Math.round(box.height * devicePixelRatio)
    this.#report()
  }

  #setTabHidden(hidden: boolean) {
    this.#cancelHiding?.()
    if (hidden) this.#cancelHiding = this.#environment.after(HIDDEN_AFTER_MS, () => this.#setHidden(true))
    else this.#setHidden(false)
  }

  #setHidden(hidden: boolean) {
    if (this.#hidden === hidden) return
    this.#hidden = hidden
    this.#report()
  }

  /** Called for every change: the call collects them before it sends them to the node. */
  #report() {
    const visible = this.#hidden ? [] : [...this.#tiles.values()].filter(({ width, height }) => width > 0 && height > 0)
    this.#call.setVisibleTiles(visible.map(({ seatId, source, width, height }) => ({ seatId, source, width, height })))
  }
}

export const [getVisibleTiles, setVisibleTiles] = createContext<VisibleTiles>()
