import { defaultEnvironment, type Environment } from '../live/environment.ts'

/** Far more turns of the event loop than any chain of database requests takes. */
const QUIET_TURNS = 400

type Timer = { at: number; run: () => void }

/** A clock and a network that a test controls: time passes only in `pass` and `until`, from one timer to the next. */
export class TestEnvironment {
  time = Date.parse('2026-11-20T10:00:00Z')
  online = true
  readonly #timers = new Set<Timer>()
  readonly #wakeListeners = new Set<() => void>()
  readonly #networkListeners = new Set<() => void>()

  /** The environment of one tab. */
  forTab(parts: Partial<Environment> = {}): Environment {
    return defaultEnvironment({
      now: () => this.time,
      random: () => 0.5,
      online: () => this.online,
      after: (ms, run) => {
        const timer = { at: this.time + ms, run }
        this.#timers.add(timer)
        return () => void this.#timers.delete(timer)
      },
      onWake: (run) => addListener(this.#wakeListeners, run),
      onNetwork: (run) => addListener(this.#networkListeners, run),
      ...parts,
    })
  }

  wake(): void {
    for (const run of [...this.#wakeListeners]) run()
  }

  setOnline(online: boolean): void {
    this.online = online
    for (const run of [...this.#networkListeners]) run()
  }

  /** Resolves when everything has happened that can happen without time passing. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
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
      if (!next || next.at - start > 600_000) throw new Error(`it never happened that ${what}`)
      this.#fire(next)
    }
  }

  #next(): Timer | undefined {
    return [...this.#timers].sort((a, b) => a.at - b.at)[0]
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer)
    this.time = Math.max(this.time, timer.at)
    timer.run()
  }
}

/** Broadcast channels between the tabs of one browser. Like real ones they deliver after the sender's code has run. */
export function newBroadcastChannels(): (name: string) => BroadcastChannel {
  const channelsByName = new Map<string, Set<BroadcastChannel>>()
  return (name) => {
    const channels = channelsByName.get(name) ?? new Set<BroadcastChannel>()
    channelsByName.set(name, channels)
    const channel = {
      onmessage: null as ((event: MessageEvent) => void) | null,
      postMessage: (data: unknown) => {
        const copy: unknown = structuredClone(data)
        for (const other of channels) {
          if (other !== (channel as unknown)) queueMicrotask(() => other.onmessage?.({ data: copy } as MessageEvent))
        }
      },
      close: () => void channels.delete(channel as unknown as BroadcastChannel),
    }
    channels.add(channel as unknown as BroadcastChannel)
    return channel as unknown as BroadcastChannel
  }
}

function addListener(listeners: Set<() => void>, run: () => void): () => void {
  listeners.add(run)
  return () => void listeners.delete(run)
}
