import { type AppError, appError } from './error.ts'

/** One question to the server, asked when a screen opens and again when something has changed. */
export class Answer<T> {
  value = $state.raw<T | null>(null)
  error = $state.raw<AppError | null>(null)
  busy = $state(false)
  #ask: () => Promise<T>
  #asked = 0

  constructor(ask: () => Promise<T>) {
    this.#ask = ask
  }

  async load() {
    const asked = ++this.#asked
    this.busy = true
    try {
      const value = await this.#ask()
      if (asked !== this.#asked) return
      this.value = value
      this.error = null
    } catch (thrown) {
      if (asked === this.#asked) this.error = appError(thrown)
    } finally {
      if (asked === this.#asked) this.busy = false
    }
  }
}
