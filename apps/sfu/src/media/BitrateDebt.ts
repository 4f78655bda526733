/** The debt in seconds of the limit: with the first a source is held, with the second it is closed. */
const holdSeconds = 3
const closeSeconds = 6
/** More debt than this is forgotten: even the worst flood is paid back within this time. */
const maxSeconds = 60

/**
 * How far a source is above its bitrate limit. Bits above the limit are debt, and the debt is paid back by what the source later
 * leaves unused. Neither a quiet moment nor a restarted stream clears it.
 */
export class BitrateDebt {
  #owedSeconds = 0
  readonly #bitsPerSecond: number

  constructor(bitsPerSecond: number) {
    this.#bitsPerSecond = bitsPerSecond
  }

  get isPaid(): boolean {
    return this.#owedSeconds === 0
  }

  /** Too much debt to start or resume a stream. */
  get isExceeded(): boolean {
    return this.#owedSeconds >= closeSeconds
  }

  /** Adds what came in these seconds, and returns what to do about it. */
  count(bytes: number, seconds: number): 'fine' | 'hold' | 'close' {
    const ahead = (bytes * 8) / this.#bitsPerSecond - seconds
    this.#owedSeconds = Math.min(maxSeconds, Math.max(0, this.#owedSeconds + ahead))
    if (ahead <= 0 || this.#owedSeconds < holdSeconds) return 'fine'
    return this.isExceeded ? 'close' : 'hold'
  }
}
