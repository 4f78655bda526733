import { callLimits, meetingLimits } from '@veche/shared/meeting-limits'
import type { Clock } from '../clock.ts'

/** Decides from messages and media whether a peer is away, and whether it is given up. */
export class Liveness {
  readonly #clock: Clock
  #lastMessageAt: number
  #lastMediaAt = -Infinity
  /** Null while the peer has a socket. */
  #detachedAt: number | null

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastMessageAt = this.#detachedAt = clock.now()
  }

  /** It has a new socket. */
  attach(): void {
    this.#lastMessageAt = this.#clock.now()
    this.#detachedAt = null
  }

  /** It has lost its socket. */
  detach(): void {
    this.#detachedAt = this.#clock.now()
  }

  noteMessage(at: number): void {
    this.#lastMessageAt = Math.max(this.#lastMessageAt, at)
  }

  noteMedia(): void {
    this.#lastMediaAt = this.#clock.now()
  }

  get isAway(): boolean {
    return this.#silentMs > meetingLimits.awaySeconds * 1000
  }

  /** It has had no socket for too long. While its media flows it has longer, because the user may notice nothing. */
  get isGivenUp(): boolean {
    if (this.#detachedAt === null) return false
    const detachedMs = this.#clock.now() - this.#detachedAt
    const resumeMs = callLimits.resumeSeconds * 1000
    return (detachedMs > resumeMs && this.#silentMs > resumeMs) || detachedMs > meetingLimits.seatMinutes * 60_000
  }

  /** Time without a message and without media. */
  get #silentMs(): number {
    return this.#clock.now() - Math.max(this.#lastMessageAt, this.#lastMediaAt)
  }
}
