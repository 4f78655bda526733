import type { ChatId } from '@veche/shared/ids'
import type { HistoryLimits } from '../store/old-history.ts'
import type { Store } from '../store/Store.ts'
import type { Environment } from './environment.ts'

const FIRST_AFTER_MS = 60_000
const EVERY_MS = 10 * 60_000
/** Each tab notes what it shows more often than this, so no tab drops what another one shows. */
const RECENT_MS = 2 * EVERY_MS + FIRST_AFTER_MS

/** Notes which chats are visited, and now and then drops old history of the others from this device. */
export class HistoryLimiter {
  readonly #store: Store
  readonly #environment: Environment
  /** The histories that are open in this tab. */
  readonly #shown = new Set<{ chatId: ChatId }>()
  #cancel: (() => void) | undefined

  readonly #limits: HistoryLimits | undefined

  constructor(store: Store, environment: Environment, limits?: HistoryLimits) {
    this.#store = store
    this.#environment = environment
    this.#limits = limits
  }

  start(): void {
    this.#runAfter(FIRST_AFTER_MS)
  }

  stop(): void {
    this.#cancel?.()
  }

  /** Returns a function to be called when the history is closed. */
  show(history: { chatId: ChatId }): () => void {
    this.#shown.add(history)
    void this.#noteVisits()
    return () => void this.#shown.delete(history)
  }

  #runAfter(ms: number): void {
    this.#cancel = this.#environment.after(ms, () => {
      this.#runAfter(EVERY_MS)
      void this.#run().catch(() => undefined)
    })
  }

  async #run(): Promise<void> {
    await this.#noteVisits()
    const { dropOldHistory } = await import('../store/old-history.ts')
    await dropOldHistory(this.#store, {
      visitedBefore: this.#environment.now() - RECENT_MS,
      limits: this.#limits,
    })
  }

  async #noteVisits(): Promise<void> {
    const at = this.#environment.now()
    const shown = [...this.#shown]
    if (shown.length === 0) return
    const note = this.#store.merge(
      async ({ tx }) => {
        for (const { chatId } of shown) tx.put('visits', { chatId, at })
      },
      ['visits'],
    )
    await note.catch(() => undefined)
  }
}
