import type { Clock } from '../clock.ts'

/** A token bucket: `perSecond` tokens are added each second, and it holds at most `burst`. */
export class RateLimit {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #filledAt: number

  constructor(clock: Clock, limit: { perSecond: number; burst: number }) {
    this.#clock = clock
    this.#perSecond = limit.perSecond
    this.#burst = this.#tokens = limit.burst
    this.#filledAt = clock.now()
  }

  /** Takes all of these tokens, or none of them. */
  take(count = 1): boolean {
    const now = this.#clock.now()
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond)
    this.#filledAt = now
    if (this.#tokens < count) return false
    this.#tokens -= count
    return true
  }
}
