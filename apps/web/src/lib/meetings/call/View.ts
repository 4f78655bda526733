import type { ViewTile } from '@veche/sfu/router'
import type { Environment } from '#lib/live/environment.ts'

const QUIET_MS = 300

/** What is on the screen, told to the node: at once when nothing was told lately, else when the changes are over. */
export class View {
  tiles: ViewTile[] = []
  readonly #environment: Environment
  readonly #tell: (tiles: ViewTile[]) => void
  #told = '[]'
  #cancel: (() => void) | undefined

  constructor(environment: Environment, tell: (tiles: ViewTile[]) => void) {
    this.#environment = environment
    this.#tell = tell
  }

  set(tiles: ViewTile[]): void {
    this.tiles = tiles
    if (this.#cancel) {
      this.#cancel()
      this.#cancel = this.#environment.after(QUIET_MS, () => this.#settle())
      return
    }
    this.#send()
  }

  /** Another node, or another socket, which does not know it. */
  again(): void {
    // Before anything was said the node shows the first few by itself.
    if (this.#told === '[]' && this.tiles.length === 0) return
    this.#told = ''
    this.#send()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #settle(): void {
    this.#cancel = undefined
    this.#send()
  }

  #send(): void {
    const now = JSON.stringify(this.tiles)
    if (now === this.#told) return
    this.#told = now
    this.#tell(this.tiles)
    this.#cancel?.()
    this.#cancel = this.#environment.after(QUIET_MS, () => this.#settle())
  }
}
