const LOUD = 0.15
const SPEAKS_MS = 400
const QUIET_MS = 2_500

/** Whether somebody speaks into a microphone, told from its level again and again. */
export class Speech {
  speaks = false
  #loudSince: number | null = null
  #loudAt = 0

  hear(level: number, at: number): boolean {
    if (level >= LOUD) {
      this.#loudSince ??= at
      this.#loudAt = at
      if (at - this.#loudSince >= SPEAKS_MS) this.speaks = true
    } else if (at - this.#loudAt >= SPEAKS_MS) {
      this.#loudSince = null
      if (at - this.#loudAt >= QUIET_MS) this.speaks = false
    }
    return this.speaks
  }

  reset(): void {
    this.speaks = false
    this.#loudSince = null
  }
}
