import { type AppError, appError } from './error.ts'

/** One action of the person: whether it is under way, and why it failed last time. */
export class Mutation {
  busy = $state(false)
  error = $state<AppError | null>(null)

  /** Answers undefined when the action fails, or when it is under way already: a second press does nothing. */
  async run<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (this.busy) return undefined
    this.busy = true
    this.error = null
    try {
      return await action()
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
