/** At most `slots` pieces of work at the same time; the others wait in the order they came. */
export class Semaphore {
  readonly #slots: number
  readonly #queue: (() => void)[] = []
  #busy = 0

  constructor(slots: number) {
    this.#slots = slots
  }

  get isIdle(): boolean {
    return this.#busy === 0
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy < this.#slots) this.#busy += 1
    else await new Promise<void>((resolve) => this.#queue.push(resolve))
    try {
      return await work()
    } finally {
      // A slot is handed to the first in the queue and not freed in between, so that no newcomer gets in before it.
      const next = this.#queue.shift()
      if (next) next()
      else this.#busy -= 1
    }
  }
}

/** A semaphore for each key. */
export class KeyedSemaphore {
  readonly #slots: number
  readonly #byKey = new Map<string, Semaphore>()

  constructor(slots: number) {
    this.#slots = slots
  }

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const semaphore = this.#byKey.get(key) ?? new Semaphore(this.#slots)
    this.#byKey.set(key, semaphore)
    try {
      return await semaphore.run(work)
    } finally {
      if (semaphore.isIdle) this.#byKey.delete(key)
    }
  }
}
