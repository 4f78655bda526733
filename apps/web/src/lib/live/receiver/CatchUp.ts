import { appError } from '../../api/error.ts'
import { backoffMs, pause, retryDelayMs } from '../environment.ts'
import type { ReceiverDeps, RowReceiver } from './RowReceiver.ts'

export type CatchUpDeps = ReceiverDeps & {
  rowReceiver: RowReceiver
  /** The server's clock came with an answer. */
  onServerTime: (now: number) => void
  /** A catch-up began or ended. */
  onChange: () => void
  onCaughtUp: () => void
}

/** How many chats the first sync has brought, of how many. */
export type ListingProgress = { listed: number; of: number }

/** After each hello, fetches all that changed while no frame could tell. Afterwards this device holds what the server has. */
export class CatchUp {
  readonly #deps: CatchUpDeps
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  #isRequested = false
  #listing: ListingProgress | null = null

  constructor(deps: CatchUpDeps) {
    this.#deps = deps
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Null when the list of chats is complete on this device. */
  get listing(): ListingProgress | null {
    return this.#listing
  }

  request(): void {
    this.#isRequested = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      this.#deps.onChange()
    })
    this.#deps.onChange()
  }

  async whenIdle(): Promise<void> {
    while (this.#running) await this.#running
  }

  stop(): void {
    this.#stopped.abort()
  }

  async #run(): Promise<void> {
    const { environment, connection, onSignedOut, onCaughtUp } = this.#deps
    for (let attempt = 0; this.#isRequested && !connection().aborted; attempt++) {
      this.#isRequested = false
      try {
        await this.#fetchChanges(connection())
        onCaughtUp()
      } catch (thrown) {
        if (appError(thrown).code === 'auth.required') return onSignedOut()
        this.#isRequested = true
        const delayMs = retryDelayMs(thrown, 250 + backoffMs(environment, attempt, 500, 10_000))
        await pause(environment, delayMs, this.#stopped.signal)
      }
    }
  }

  /** No first screen waits for it, so its code is loaded with the first one. */
  async #fetchChanges(connection: AbortSignal): Promise<void> {
    const { fetchChanges } = await import('./fetch-changes.ts')
    await fetchChanges({
      ...this.#deps,
      connection,
      onPage: ({ chats, next, left }) => {
        const listed = (this.#listing?.listed ?? 0) + chats.length
        this.#listing = next === null ? null : { listed, of: listed + left }
        this.#deps.onChange()
      },
    })
  }
}
