import { limits } from '@veche/shared/limits'
import type { IceServer } from '@veche/shared/meetings'
import { jitter, type Environment } from '#lib/live/environment.ts'

type Deps = {
  environment: Environment
  fetch(): Promise<{ iceServers: IceServer[] }>
  use(servers: IceServer[]): Promise<void>
}

/** Before what is known of them runs out. */
const FRESH_MS = limits.meeting.turnMinutes * 60_000 * 0.75
const FIRST_PAUSE_MS = 2_000

/** The credentials of the relays last for minutes: they are asked for anew in time, and soon again when that fails. */
export class Relays {
  readonly #deps: Deps
  readonly #unwatch: (() => void)[]
  #freshAt: number
  #failures = 0
  #asking = false
  #cancel: (() => void) | undefined

  constructor(deps: Deps) {
    this.#deps = deps
    this.#freshAt = deps.environment.now()
    this.#unwatch = [deps.environment.onWake(() => this.#hurry()), deps.environment.onNetwork(() => this.#hurry())]
    this.#rest(FRESH_MS)
  }

  stop(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
    this.#cancel?.()
    // What is still asked for is nobody's.
    this.#asking = true
  }

  /** A machine that slept, or had no network, is late with it. */
  #hurry(): void {
    if (this.#deps.environment.online() && this.#deps.environment.now() - this.#freshAt >= FRESH_MS) void this.#ask()
  }

  #rest(ms: number): void {
    this.#cancel?.()
    this.#cancel = this.#deps.environment.after(ms, () => void this.#ask())
  }

  async #ask(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    const { fetch, use, environment } = this.#deps
    try {
      const { iceServers } = await fetch()
      if (this.#stopped) return
      await use(iceServers)
      this.#freshAt = environment.now()
      this.#failures = 0
    } catch {
      this.#failures += 1
    }
    if (this.#stopped) return
    this.#asking = false
    this.#rest(this.#failures === 0 ? FRESH_MS : this.#pause())
  }

  get #stopped(): boolean {
    return this.#unwatch.length === 0
  }

  #pause(): number {
    const drawn = jitter(this.#deps.environment, this.#failures - 1, FIRST_PAUSE_MS, FRESH_MS)
    return Math.min(FRESH_MS, FIRST_PAUSE_MS / 2 + drawn)
  }
}
