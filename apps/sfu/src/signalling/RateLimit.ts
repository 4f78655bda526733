import type { Clock } from '../clock.ts'

/** So many a second, and a few more at once. */
export class Bucket {
  readonly #clock: Clock
  readonly #rate: number
  readonly #most: number
  #left: number
  #at: number

  constructor(clock: Clock, rate: number, most: number) {
    this.#clock = clock
    this.#rate = rate
    this.#most = most
    this.#left = most
    this.#at = clock.now()
  }

  take(count = 1): boolean {
    const now = this.#clock.now()
    this.#left = Math.min(this.#most, this.#left + ((now - this.#at) / 1000) * this.#rate)
    this.#at = now
    if (this.#left < count) return false
    this.#left -= count
    return true
  }
}
