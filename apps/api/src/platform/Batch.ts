type Question<V> = { resolve: (answer: V | undefined) => void; reject: (error: unknown) => void }

/**
 * Asks many questions of one kind in one statement. Those that come while `maxRunning` statements run wait and are asked by the next
 * one, so the busier the process is, the more of them one statement answers. No answer is older than its question.
 */
export class Batch<V> {
  readonly #maxRunning: number
  readonly #askAll: (keys: string[]) => Promise<Map<string, V>>
  #questions = new Map<string, Question<V>[]>()
  #running = 0

  constructor(maxRunning: number, askAll: (keys: string[]) => Promise<Map<string, V>>) {
    this.#maxRunning = maxRunning
    this.#askAll = askAll
  }

  ask(key: string): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      const same = this.#questions.get(key)
      if (same) same.push({ resolve, reject })
      else this.#questions.set(key, [{ resolve, reject }])
      void this.#askNext()
    })
  }

  async #askNext(): Promise<void> {
    if (this.#running >= this.#maxRunning || this.#questions.size === 0) return
    const batch = this.#questions
    this.#questions = new Map()
    this.#running += 1
    try {
      const answers = await this.#askAll([...batch.keys()])
      for (const [key, questions] of batch) for (const { resolve } of questions) resolve(answers.get(key))
    } catch (error) {
      for (const { reject } of [...batch.values()].flat()) reject(error)
    } finally {
      this.#running -= 1
      void this.#askNext()
    }
  }
}
