const LOUD_LEVEL = 0.15
const STARTS_AFTER_MS = 400
const ENDS_AFTER_MS = 2_500

/** Tells from the level of a microphone whether the user speaks into it. */
export class SpeechDetector {
  speaking = false
  #loudSince: number | null = null
  #lastLoudAt = 0

  /** To be called with each new level. Returns whether the user speaks. */
  update(level: number, at: number): boolean {
    if (level >= LOUD_LEVEL) {
      this.#loudSince ??= at
      this.#lastLoudAt = at
      if (at - this.#loudSince >= STARTS_AFTER_MS) this.speaking = true
    } else if (at - this.#lastLoudAt >= STARTS_AFTER_MS) {
      this.#loudSince = null
      if (at - this.#lastLoudAt >= ENDS_AFTER_MS) this.speaking = false
    }
    return this.speaking
  }

  reset(): void {
    this.speaking = false
    this.#loudSince = null
  }
}
