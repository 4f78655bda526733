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

  get waiting(): number {
    return this.#queue.length
  }

  async run<T>(work: (hasWaited: boolean) => Promise<T>): Promise<T> {
    const mustWait = this.#busy >= this.#slots
    if (mustWait) await new Promise<void>((resolve) => this.#queue.push(resolve))
    else this.#busy += 1
    try {
      return await work(mustWait)
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

  waiting(key: string): number {
    return this.#byKey.get(key)?.waiting ?? 0
  }

  async run<T>(key: string, work: (hasWaited: boolean) => Promise<T>): Promise<T> {
    const semaphore = this.#byKey.get(key) ?? new Semaphore(this.#slots)
    this.#byKey.set(key, semaphore)
    try {
      return await semaphore.run(work)
    } finally {
      if (semaphore.isIdle) this.#byKey.delete(key)
    }
  }
}
