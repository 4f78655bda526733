import { type AppError, appError } from './error.ts'

/** One thing a person tries: whether it is under way, and why it failed last time. */
export class Attempt {
  busy = $state(false)
  error = $state<AppError | null>(null)

  /** Answers undefined when it failed, and when it is under way already (a second press does nothing). */
  async run<T>(act: () => Promise<T>): Promise<T | undefined> {
    if (this.busy) return undefined
    this.busy = true
    this.error = null
    try {
      return await act()
    } catch (thrown) {
      this.error = appError(thrown)
      return undefined
    } finally {
      this.busy = false
    }
  }

  clear() {
    this.error = null
  }
}
