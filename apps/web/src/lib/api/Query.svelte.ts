import { type AppError, appError } from './error.ts'

/** One query to the server: loaded when a screen opens, and again when something has changed. Only the answer to the last load counts. */
export class Query<T> {
  value = $state.raw<T | null>(null)
  error = $state.raw<AppError | null>(null)
  busy = $state(false)
  #fetch: () => Promise<T>
  #loads = 0

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch
  }

  async load() {
    const load = ++this.#loads
    this.busy = true
    try {
      const value = await this.#fetch()
      if (load !== this.#loads) return
      this.value = value
      this.error = null
    } catch (thrown) {
      if (load === this.#loads) this.error = appError(thrown)
    } finally {
      if (load === this.#loads) this.busy = false
    }
  }
}
