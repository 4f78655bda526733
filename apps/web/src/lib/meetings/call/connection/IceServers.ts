import { turnMinutes } from '@veche/shared/meeting-limits'
import type { IceServer } from '@veche/shared/meetings'
import { backoffMs, type Environment } from '#lib/live/environment.ts'

type Options = {
  environment: Environment
  fetch(): Promise<{ iceServers: IceServer[] }>
  apply(servers: IceServer[]): Promise<void>
}

/** Credentials are renewed when three quarters of their lifetime have passed. */
const RENEW_AFTER_MS = turnMinutes * 60_000 * 0.75
const FIRST_RETRY_MS = 2_000

/** Keeps the credentials of the TURN servers valid: they last for minutes, and a failed renewal is repeated soon. */
export class IceServers {
  readonly #options: Options
  readonly #unsubscribe: (() => void)[]
  #renewedAt: number
  #failures = 0
  #renewing = false
  #stopped = false
  #cancelTimer: (() => void) | undefined

  constructor(options: Options) {
    const { environment } = options
    this.#options = options
    this.#renewedAt = environment.now()
    this.#unsubscribe = [
      environment.onWake(() => this.#renewIfLate()),
      environment.onNetwork(() => this.#renewIfLate()),
    ]
    this.#schedule(RENEW_AFTER_MS)
  }

  stop(): void {
    this.#stopped = true
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#cancelTimer?.()
  }

  /** Timers do not run while a machine sleeps, and without a network renewing fails. */
  #renewIfLate(): void {
    const { environment } = this.#options
    if (environment.online() && environment.now() - this.#renewedAt >= RENEW_AFTER_MS) void this.#renew()
  }

  #schedule(ms: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#options.environment.after(ms, () => void this.#renew())
  }

  async #renew(): Promise<void> {
    if (this.#renewing || this.#stopped) return
    this.#renewing = true
    const { fetch, apply, environment } = this.#options
    try {
      const { iceServers } = await fetch()
      if (this.#stopped) return
      await apply(iceServers)
      this.#renewedAt = environment.now()
      this.#failures = 0
    } catch {
      this.#failures += 1
    }
    this.#renewing = false
    if (!this.#stopped) this.#schedule(this.#failures === 0 ? RENEW_AFTER_MS : this.#retryMs())
  }

  #retryMs(): number {
    const delayMs = backoffMs(this.#options.environment, this.#failures - 1, FIRST_RETRY_MS, RENEW_AFTER_MS)
    return Math.min(RENEW_AFTER_MS, FIRST_RETRY_MS / 2 + delayMs)
  }
}
