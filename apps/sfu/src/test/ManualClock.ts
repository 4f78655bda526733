import type { Clock, Stop } from '../clock.ts'

type Timer = { at: number; intervalMs: number | null; act: () => void }

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now = 1_000
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  after(ms: number, act: () => void): Stop {
    return this.#set({ at: this.#now + ms, intervalMs: null, act })
  }

  every(ms: number, act: () => void): Stop {
    return this.#set({ at: this.#now + ms, intervalMs: ms, act })
  }

  /** Runs due timers in their order. An interval that is due several times runs once, as on a machine that was asleep. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#now = next.at
      if (next.intervalMs === null) this.#timers.delete(next)
      else next.at += Math.ceil((until - next.at + 1) / next.intervalMs) * next.intervalMs
      next.act()
    }
    this.#now = until
  }

  #set(timer: Timer): Stop {
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }
}
