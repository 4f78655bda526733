import { appError } from '#lib/api/error.ts'
import type { Environment } from '#lib/live/environment.ts'

export type Direction = 'send' | 'recv'
export type MediaState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'

const DISCONNECTED_MS = 2_000
/** A first connection may go over TCP and a relay. */
const CONNECTING_MS = 8_000
const RESTART_MS = 4_000
const RENEW_MS = 6_000

type Deps = {
  environment: Environment
  /** There is a socket to say it over. */
  ready(): boolean
  restart(): Promise<void>
  renew(): Promise<void>
  giveUp(): void
}

/** One direction of media: what is done about it, and when, while it does not flow. */
export class Lane {
  readonly #deps: Deps
  #state: MediaState = 'new'
  #rung = 0
  #cancel: (() => void) | undefined
  /** Each reset makes what is under way for the state before worthless. */
  #life = 0

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Nothing is known to be wrong. */
  get well(): boolean {
    return this.#rung === 0 && this.#state !== 'disconnected' && this.#state !== 'failed'
  }

  enter(state: MediaState): void {
    // The node may close its end; ours is not closed while somebody listens to it.
    if (state === 'closed') return this.enter('failed')
    if (state === this.#state && state !== 'failed') return
    this.#state = state
    if (state === 'connected') this.#calm()
    else if (state === 'failed') this.#climb()
    else if (this.#rung === 0) this.#watch()
  }

  reset(): void {
    this.#state = 'new'
    this.#calm()
  }

  /** The socket is gone: nothing can be done before it is back. */
  hold(): void {
    this.#calm()
  }

  /** The socket is back: what has not mended itself is mended now. */
  resume(): void {
    if (this.#state === 'disconnected' || this.#state === 'failed') this.#climb()
    else this.#watch()
  }

  /** The network changed, or the machine woke up: there is nothing to wait for. */
  hurry(): void {
    if (this.#rung === 0 && this.#state === 'disconnected') this.#climb()
  }

  #calm(): void {
    this.#life += 1
    this.#cancel?.()
    this.#cancel = undefined
    this.#rung = 0
  }

  #watch(): void {
    if (this.#state === 'disconnected') this.#climbAfter(DISCONNECTED_MS)
    else if (this.#state === 'connecting') this.#climbAfter(CONNECTING_MS)
  }

  #climbAfter(ms: number): void {
    this.#cancel?.()
    this.#cancel = this.#deps.environment.after(ms, () => this.#climb())
  }

  #climb(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (!this.#deps.ready()) return
    this.#rung += 1
    if (this.#rung === 1) this.#try(this.#deps.restart(), RESTART_MS)
    else if (this.#rung === 2) this.#try(this.#deps.renew(), RENEW_MS)
    else this.#deps.giveUp()
  }

  #try(act: Promise<void>, ms: number): void {
    const life = this.#life
    this.#climbAfter(ms)
    act.catch((thrown: unknown) => {
      // Without an answer it is the socket that is broken, which is noticed elsewhere; a refusal leads to the next rung at once.
      if (life === this.#life && !appError(thrown).network) this.#climb()
    })
  }
}
