import type { Child } from './child.ts'
import { setTimeout as wait } from 'node:timers/promises'
import { reason } from './trouble.ts'

export type Running = { child: Child; stop(): Promise<void> }

const firstPause = 500
const longestPause = 30_000
/** Who ran this long was well, and starts anew with the first pause. */
const wellAfter = 60_000

/** One process that must be there: it is started again, later and later, whenever it ends by itself. */
export class Part<T extends Running = Running> {
  readonly name: string
  #start: () => Promise<T>
  #changed: () => void
  #running: Promise<T> | undefined
  #leaving = new AbortController()

  constructor(name: string, start: () => Promise<T>, changed: () => void) {
    this.name = name
    this.#start = start
    this.#changed = changed
  }

  pid = 0

  /** The first start is the caller's to judge: only what once was well is kept alive. */
  async start() {
    return this.#launch()
  }

  async keepAlive() {
    void this.#watch(await this.#running)
  }

  async stop() {
    this.#leaving.abort()
    const running = await this.#running?.catch(() => undefined)
    await running?.stop()
  }

  async #launch() {
    this.#running = this.#start()
    const running = await this.#running
    this.pid = running.child.pid
    this.#changed()
    return running
  }

  async #watch(running: Running | undefined) {
    for (let pause = firstPause; !this.#leaving.signal.aborted; pause = Math.min(pause * 2, longestPause)) {
      const since = Date.now()
      const how = running ? await running.child.exited : 'did not start'
      if (this.#leaving.signal.aborted) return
      if (Date.now() - since > wellAfter) pause = firstPause
      console.error(`! ${this.name} ended (${how}); it starts again in ${pause / 1000} s`)
      await wait(pause, undefined, { signal: this.#leaving.signal }).catch(() => undefined)
      if (this.#leaving.signal.aborted) return
      running = await this.#launch().catch((error: unknown) => void console.error(`! ${this.name}: ${reason(error)}`))
    }
  }
}
