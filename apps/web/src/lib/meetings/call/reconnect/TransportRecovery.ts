import type { ReconnectReason } from '@veche/shared/meetings'
import { appError } from '#lib/api/error.ts'
import type { Environment } from '#lib/live/environment.ts'
import { type ReconnectAttempt, reconnectDelays } from './reconnect-steps.ts'

export type Direction = 'send' | 'recv'
export type MediaState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'

type Options = {
  environment: Environment
  /** Whether there is a socket over which the node can be asked. */
  ready(): boolean
  attempt(attempt: ReconnectAttempt): Promise<void>
  giveUp(reason: ReconnectReason): void
}

const steps = ['restartIce', 'replaceTransport'] as const
const reasons: Partial<Record<MediaState, ReconnectReason>> = {
  disconnected: 'transport_disconnected',
  failed: 'transport_failed',
  closed: 'transport_closed',
}

/** Reconnects the transport of one direction: decides when it is restarted, when it is replaced, and when to give up. */
export class TransportRecovery {
  readonly #options: Options
  #state: MediaState = 'new'
  #reason: ReconnectReason = 'no_media'
  /** How many of the steps have been tried. */
  #tried = 0
  #cancelTimer: (() => void) | undefined
  /** Rises with each reset, so that an attempt from before it is ignored. */
  #generation = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** Nothing is known to be wrong. */
  get healthy(): boolean {
    return this.#tried === 0 && this.#state !== 'disconnected' && this.#state !== 'failed'
  }

  /** `closed` comes from the node; a transport on this side is closed only when nothing listens to it any longer. */
  setState(given: MediaState): void {
    const state = given === 'closed' ? 'failed' : given
    if (state === this.#state && state !== 'failed') return
    this.#state = state
    if (this.#tried === 0 || state === 'failed') this.#reason = reasons[given] ?? 'no_media'
    if (state === 'connected') this.stop()
    else if (state === 'failed') this.#tryNext()
    else if (this.#tried === 0) this.#watch()
  }

  /** A new transport has just been made. */
  reset(): void {
    this.#state = 'new'
    this.stop()
  }

  /** Without a socket nothing can be done. */
  stop(): void {
    this.#generation += 1
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#tried = 0
  }

  /** The socket is back. A transport that has not recovered by itself is restarted now. */
  start(): void {
    if (this.#state === 'disconnected' || this.#state === 'failed') this.#tryNext()
    else this.#watch()
  }

  /** The network changed or the machine woke up: a disconnected transport will not recover by itself. */
  networkChanged(): void {
    if (this.#tried > 0 || this.#state !== 'disconnected') return
    this.#reason = 'network_changed'
    this.#tryNext()
  }

  #watch(): void {
    const { afterDisconnectedMs, afterConnectingMs } = reconnectDelays.restartIce
    if (this.#state === 'disconnected') this.#tryNextAfter(afterDisconnectedMs)
    else if (this.#state === 'connecting') this.#tryNextAfter(afterConnectingMs)
  }

  #tryNextAfter(ms: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#options.environment.after(ms, () => this.#tryNext())
  }

  #tryNext(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (!this.#options.ready()) return
    const step = steps[this.#tried]
    this.#tried += 1
    if (!step) return this.#options.giveUp(this.#reason)
    const generation = this.#generation
    this.#tryNextAfter(reconnectDelays[step].timeoutMs)
    this.#options.attempt({ step, reason: this.#reason }).catch((thrown: unknown) => {
      // A refusal leads to the next step at once. Without an answer the socket is broken, which is noticed elsewhere.
      if (generation === this.#generation && !appError(thrown).network) this.#tryNext()
    })
  }
}
