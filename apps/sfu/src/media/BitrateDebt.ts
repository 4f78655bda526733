/** In seconds' worth of its share: so far ahead of it and a stream is held, so far and what goes on is closed. */
const held = 3
const over = 6
/** No flood is remembered for longer than it takes to pay this back. */
const most = 60

/**
 * How far ahead of its share of bits a source is. What comes above the share is owed, and paid back with time by what is left of it:
 * to be quiet for a moment, or to begin anew, forgives nothing.
 */
export class Share {
  #owed = 0
  readonly #bitrate: number

  constructor(bitrate: number) {
    this.#bitrate = bitrate
  }

  /** Nothing is to be watched. */
  get paid(): boolean {
    return this.#owed === 0
  }

  /** Nothing more may begin. */
  get spent(): boolean {
    return this.#owed >= over
  }

  /** What came in these seconds, and what that calls for. */
  count(bytes: number, seconds: number): 'fine' | 'hold' | 'close' {
    const ahead = (bytes * 8) / this.#bitrate - seconds
    this.#owed = Math.min(most, Math.max(0, this.#owed + ahead))
    if (ahead <= 0 || this.#owed < held) return 'fine'
    return this.spent ? 'close' : 'hold'
  }
}
