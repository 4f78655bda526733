import type { Clock, Stop } from '../clock.ts'

type Alarm = { at: number; every: number | null; act: () => void }

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now = 1_000
  readonly #alarms = new Set<Alarm>()

  now(): number {
    return this.#now
  }

  after(ms: number, act: () => void): Stop {
    return this.#set({ at: this.#now + ms, every: null, act })
  }

  every(ms: number, act: () => void): Stop {
    return this.#set({ at: this.#now + ms, every: ms, act })
  }

  /** What is due on the way happens in its order; what happens again and again once, as on a machine that slept. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const [next] = [...this.#alarms].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#now = next.at
      if (next.every === null) this.#alarms.delete(next)
      else next.at += Math.ceil((until - next.at + 1) / next.every) * next.every
      next.act()
    }
    this.#now = until
  }

  #set(alarm: Alarm): Stop {
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }
}
