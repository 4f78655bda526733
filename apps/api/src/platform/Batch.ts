type Question<V> = { resolve: (answer: V | undefined) => void; reject: (error: unknown) => void }

/**
 * Questions of one kind that come while others are on their way are asked together as soon as there is a place: the busier it is,
 * the more of them one statement answers. No answer is older than its question.
 */
export class Batch<V> {
  readonly #places: number
  readonly #ask: (keys: string[]) => Promise<Map<string, V>>
  #waiting = new Map<string, Question<V>[]>()
  #busy = 0

  constructor(places: number, ask: (keys: string[]) => Promise<Map<string, V>>) {
    this.#places = places
    this.#ask = ask
  }

  ask(key: string): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      const same = this.#waiting.get(key)
      if (same) same.push({ resolve, reject })
      else this.#waiting.set(key, [{ resolve, reject }])
      void this.#next()
    })
  }

  async #next(): Promise<void> {
    if (this.#busy >= this.#places || this.#waiting.size === 0) return
    const asked = this.#waiting
    this.#waiting = new Map()
    this.#busy += 1
    try {
      const answers = await this.#ask([...asked.keys()])
      for (const [key, questions] of asked) for (const { resolve } of questions) resolve(answers.get(key))
    } catch (error) {
      for (const { reject } of [...asked.values()].flat()) reject(error)
    } finally {
      this.#busy -= 1
      void this.#next()
    }
  }
}
