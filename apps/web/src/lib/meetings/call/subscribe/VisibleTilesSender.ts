import type { ViewTile } from '@veche/sfu/router'
import type { Environment } from '#lib/live/environment.ts'

/** Many tiles appear or change their size at the same time, and are sent in one message. */
const COLLECT_MS = 60
const QUIET_MS = 300
const REFUSED_MS = 1_000

/** Tells the node which tiles are visible and how large: soon after the first change, then when there was no change for 300 ms. */
export class VisibleTilesSender {
  tiles: ViewTile[] = []
  readonly #environment: Environment
  readonly #send: (tiles: ViewTile[]) => void
  #lastSent = '[]'
  /** Something was sent, and there has not been a pause of 300 ms without a change since. */
  #busy = false
  #cancelTimer: (() => void) | undefined

  constructor(environment: Environment, send: (tiles: ViewTile[]) => void) {
    this.#environment = environment
    this.#send = send
  }

  set(tiles: ViewTile[]): void {
    this.tiles = tiles
    if (this.#busy) this.#sendAfter(QUIET_MS)
    else if (!this.#cancelTimer) this.#sendAfter(COLLECT_MS)
  }

  /** Another node, or the same one after a resume, does not know what was sent before. */
  sendAgain(): void {
    // Before the first message the node chooses the first few cameras by itself.
    if (this.#lastSent === '[]' && this.tiles.length === 0) return
    this.#lastSent = ''
    this.#sendChanges()
  }

  /** The node has refused it: too much changed within a short time. */
  sendLater(): void {
    this.#lastSent = ''
    this.#busy = true
    this.#sendAfter(REFUSED_MS)
  }

  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #sendAfter(ms: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#environment.after(ms, () => {
      this.#cancelTimer = undefined
      this.#busy = false
      this.#sendChanges()
    })
  }

  #sendChanges(): void {
    const now = JSON.stringify(this.tiles)
    if (now === this.#lastSent) return
    this.#lastSent = now
    this.#send(this.tiles)
    this.#busy = true
    this.#sendAfter(QUIET_MS)
  }
}
