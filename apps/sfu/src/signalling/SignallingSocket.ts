import { limits } from '@veche/shared/limits'
import type { WebSocket } from 'ws'
import { Bucket } from './RateLimit.ts'
import type { Clock } from '../clock.ts'
import { fail } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { Peer } from '../room/Peer.ts'

/** How long a socket has for its last words. */
const goodbye = 250

/** One socket of a browser: nobody's until it has joined. */
export class Line {
  peer: Peer | null = null
  joining = false
  heardAt: number
  #expired = false
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #metrics: Metrics
  readonly #calls: Bucket
  readonly #messages: Bucket

  constructor(socket: WebSocket, clock: Clock, metrics: Metrics) {
    this.#socket = socket
    this.#clock = clock
    this.#metrics = metrics
    this.heardAt = clock.now()
    const rate = limits.call.messagesPerSecond
    this.#calls = new Bucket(clock, rate, rate * 2)
    this.#messages = new Bucket(clock, rate * 2, rate * 4)
  }

  /** Somebody is there: each message and each ping says so. A flood is cut off; one that comes in calls is refused before. */
  heard(): void {
    this.heardAt = this.#clock.now()
    this.refused()
    // Answers wait for a reader as frames do.
    if (this.slow) this.cut('slow')
  }

  /** A message may hold many calls: each that is refused counts as one more. */
  refused(): void {
    if (!this.#messages.take()) this.cut('flood')
  }

  /** The time to join is over; whoever is just being let in may still be. */
  expire(): void {
    this.#expired = true
    if (!this.peer && !this.joining) this.cut('unjoined')
  }

  /** A try to join has ended, one way or the other. */
  tried(): void {
    this.joining = false
    if (this.#expired && !this.peer) this.close(4008, 'unjoined')
  }

  count(): void {
    if (!this.#calls.take()) fail('request.too_many')
  }

  /** Whoever does not read what is sent would fill the node's memory. */
  get slow(): boolean {
    return this.#socket.bufferedAmount > limits.frameBytes
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** With a word of farewell, for what was sent before to arrive. */
  close(code: number, reason: string): void {
    setTimeout(() => {
      this.#socket.close(code, reason)
      this.#terminateSoon()
    }, goodbye).unref()
  }

  /** At once, and nothing more is read of it. */
  cut(cause: 'flood' | 'slow' | 'unjoined' | 'resumed' | 'error'): void {
    if (!this.open) return
    this.#metrics.cuts.inc({ cause })
    this.#socket.close(4008, cause)
    this.#socket.pause()
    this.#terminateSoon()
  }

  #terminateSoon(): void {
    setTimeout(() => this.#socket.terminate(), goodbye).unref()
  }
}
