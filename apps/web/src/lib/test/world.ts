import { plainWorld, type World } from '../live/world.ts'

/** Far more turns of the loop than any chain of database work takes. */
const TURNS = 400

type Timer = { at: number; call: () => void }

/** Time that passes only when a test lets it: whoever waits for something lets it run on to the next timer. */
export class TestWorld {
  time = Date.parse('2026-11-20T10:00:00Z')
  online = true
  readonly #timers = new Set<Timer>()
  readonly #wake = new Set<() => void>()
  readonly #network = new Set<() => void>()

  /** What one tab sees of it. */
  tab(parts: Partial<World> = {}): World {
    return plainWorld({
      now: () => this.time,
      random: () => 0.5,
      online: () => this.online,
      after: (ms, call) => {
        const timer = { at: this.time + ms, call }
        this.#timers.add(timer)
        return () => void this.#timers.delete(timer)
      },
      onWake: (call) => remember(this.#wake, call),
      onNetwork: (call) => remember(this.#network, call),
      ...parts,
    })
  }

  wake(): void {
    for (const call of [...this.#wake]) call()
  }

  setOnline(online: boolean): void {
    this.online = online
    for (const call of [...this.#network]) call()
  }

  /** Everything that can happen without time passing has happened. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  async pass(ms: number): Promise<void> {
    const end = this.time + ms
    await this.quiet()
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) {
      this.#fire(next)
      await this.quiet()
    }
    this.time = end
  }

  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const start = this.time
    for (;;) {
      await this.quiet()
      if (await holds()) return
      const next = this.#next()
      if (!next || next.at - start > 600_000) throw new Error(`it never came about that ${what}`)
      this.#fire(next)
    }
  }

  #next(): Timer | undefined {
    return [...this.#timers].sort((a, b) => a.at - b.at)[0]
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer)
    this.time = Math.max(this.time, timer.at)
    timer.call()
  }
}

/** What tabs of one browser tell each other by; it speaks when the speaker is done, like the real one. */
export function channels(): (name: string) => BroadcastChannel {
  const rooms = new Map<string, Set<BroadcastChannel>>()
  return (name) => {
    const room = rooms.get(name) ?? new Set<BroadcastChannel>()
    rooms.set(name, room)
    const channel = {
      onmessage: null as ((event: MessageEvent) => void) | null,
      postMessage: (data: unknown) => {
        const copy: unknown = structuredClone(data)
        for (const other of room) {
          if (other !== (channel as unknown)) queueMicrotask(() => other.onmessage?.({ data: copy } as MessageEvent))
        }
      },
      close: () => void room.delete(channel as unknown as BroadcastChannel),
    }
    room.add(channel as unknown as BroadcastChannel)
    return channel as unknown as BroadcastChannel
  }
}

function remember(calls: Set<() => void>, call: () => void): () => void {
  calls.add(call)
  return () => void calls.delete(call)
}
