/** At most `places` at once for each key; the others wait in the order they came. */
export class Semaphore {
  readonly #places: number
  readonly #waiting = new Map<string, { busy: number; queue: (() => void)[] }>()

  constructor(places: number) {
    this.#places = places
  }

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    await this.#enter(key)
    try {
      return await work()
    } finally {
      this.#leave(key)
    }
  }

  #enter(key: string): Promise<void> | void {
    const entry = this.#waiting.get(key) ?? { busy: 0, queue: [] }
    this.#waiting.set(key, entry)
    if (entry.busy < this.#places) {
      entry.busy += 1
      return
    }
    return new Promise((resolve) => entry.queue.push(resolve))
  }

  #leave(key: string): void {
    const entry = this.#waiting.get(key)
    if (!entry) return
    const next = entry.queue.shift()
    // The place is handed over, never given up in between: nobody can slip in before the one who waited.
    if (next) return next()
    entry.busy -= 1
    if (entry.busy === 0) this.#waiting.delete(key)
  }
}
