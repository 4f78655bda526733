import type { Child } from '../child.ts'
import { setTimeout as wait } from 'node:timers/promises'
import { reason } from '../errors.ts'

export type Running = { child: Child; stop(): Promise<void> }

const firstPauseMs = 500
const longestPauseMs = 30_000
/** A part that ran this long was healthy; its next restart waits for the shortest pause again. */
const healthyAfterMs = 60_000

/** A process that must run. When it ends by itself it is restarted, with growing pauses. */
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

  /** A failure of the first start goes to the caller. Only a part that was ready once is kept alive. */
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
    for (let pause = firstPauseMs; !this.#leaving.signal.aborted; pause = Math.min(pause * 2, longestPauseMs)) {
      const since = Date.now()
      const how = running ? await running.child.exited : 'did not start'
      if (this.#leaving.signal.aborted) return
      if (Date.now() - since > healthyAfterMs) pause = firstPauseMs
      console.error(`! ${this.name} ended (${how}); it starts again in ${pause / 1000} s`)
      await wait(pause, undefined, { signal: this.#leaving.signal }).catch(() => undefined)
      if (this.#leaving.signal.aborted) return
      running = await this.#launch().catch((error: unknown) => void console.error(`! ${this.name}: ${reason(error)}`))
    }
  }
}
