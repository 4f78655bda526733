import { serverLimits } from '@veche/shared/server-limits'
import { callLimits } from '@veche/shared/meeting-limits'
import type { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import { fail } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { Peer } from '../room/Peer.ts'
import { RateLimit } from './RateLimit.ts'

/** How long a socket may take to send its last frames and its close frame. */
const closeTimeoutMs = 250

/** One WebSocket of a browser. It has no peer until it has joined. */
export class SignallingSocket {
  peer: Peer | null = null
  isJoining = false
  /** When the last message or ping came. */
  lastMessageAt: number
  onJoined: () => void = () => undefined
  #joinTimeIsOver = false
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #metrics: Metrics
  readonly #requests: RateLimit
  readonly #messages: RateLimit

  constructor(socket: WebSocket, clock: Clock, metrics: Metrics) {
    this.#socket = socket
    this.#clock = clock
    this.#metrics = metrics
    this.lastMessageAt = clock.now()
    const rate = callLimits.messagesPerSecond
    this.#requests = new RateLimit(clock, { perSecond: rate, burst: rate * 2 })
    this.#messages = new RateLimit(clock, { perSecond: rate * 2, burst: rate * 4 })
  }

  /** A message or a ping came. Closes a socket whose messages exceed the rate, or whose client does not read its answers. */
  noteMessage(): void {
    this.lastMessageAt = this.#clock.now()
    this.countMessage()
    if (this.isSlow) this.cut('slow')
  }

  /** Counts against the rate of messages. One message may hold many requests, so each refused request counts as a message too. */
  countMessage(): void {
    if (!this.#messages.take()) this.cut('flood')
  }

  /** Refuses a request above the rate of requests, which is reached before the rate of messages. */
  requireRequestRate(): void {
    if (!this.#requests.take()) fail('request.too_many')
  }

  /** The time to join is over. A join that is under way may still succeed. */
  endJoinTime(): void {
    this.#joinTimeIsOver = true
    if (!this.peer && !this.isJoining) this.cut('unjoined')
  }

  /** A join has succeeded or failed. */
  finishJoin(): void {
    this.isJoining = false
    if (this.peer) this.onJoined()
    if (this.#joinTimeIsOver && !this.peer) this.close(4008, 'unjoined')
  }

  /** The client does not read what is sent, which fills the node's memory. */
  get isSlow(): boolean {
    return this.#socket.bufferedAmount > serverLimits.unsentBytes
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** Closes after a moment, so that frames sent before arrive. */
  close(code: number, reason: string): void {
    setTimeout(() => {
      this.#socket.close(code, reason)
      this.#terminateSoon()
    }, closeTimeoutMs).unref()
  }

  /** Closes now and reads nothing more. */
  cut(cause: 'flood' | 'slow' | 'unjoined' | 'crowded' | 'resumed' | 'error'): void {
    if (!this.isOpen) return
    this.#metrics.cuts.inc({ cause })
    this.#socket.close(4008, cause)
    this.#socket.pause()
    this.#terminateSoon()
  }

  #terminateSoon(): void {
    setTimeout(() => this.#socket.terminate(), closeTimeoutMs).unref()
  }
}
