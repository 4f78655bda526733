import type { ChatId } from '@veche/shared/ids'
import { applyHistoryPage } from '../store/merge/history-pages.ts'
import { storesOfRows } from '../store/merge/needed-stores.ts'
import type { Store } from '../store/Store.ts'
import type { HistoryQuery, LiveApi } from './connection/live-api.ts'
import { abortable, type Environment } from './environment.ts'
import type { RowReceiver } from './receiver/RowReceiver.ts'

const LIMIT_FIRST_AFTER_MS = 60_000
const LIMIT_EVERY_MS = 10 * 60_000

type HistoryPagesDeps = { store: Store; api: LiveApi; environment: Environment; rowReceiver: RowReceiver }

/** Brings pages of history into the store, and drops the oldest messages when the device holds too many. */
export class HistoryPages {
  /** The histories that are on the screen of this tab: none of them loses a message. */
  readonly shown = new Set<{ chatId: ChatId }>()
  readonly #deps: HistoryPagesDeps
  readonly #stopped = new AbortController()
  #cancelLimit: () => void = () => undefined

  constructor(deps: HistoryPagesDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#limitAfter(LIMIT_FIRST_AFTER_MS)
  }

  stop(): void {
    this.#stopped.abort()
    this.#cancelLimit()
  }

  /** Fetches a page of history into the store. */
  async fetch(query: HistoryQuery): Promise<{ more: boolean }> {
    const { store, api, rowReceiver } = this.#deps
    for (let attempt = 0; ; attempt++) {
      const page = await rowReceiver.holdFrames([query.chatId], async () => {
        const answer = await abortable(this.#stopped.signal, api.history(query))
        const isMerged = await store.merge(
          (merge) => applyHistoryPage(merge, query, answer),
          storesOfRows({ messages: answer.messages }),
        )
        return { isMerged, more: answer.more }
      })
      if (page.isMerged || attempt >= 2) return { more: page.more }
      // The chat was replaced meanwhile, or is not held at all: it is fetched before the next attempt.
      rowReceiver.requestScope(query.chatId)
      await rowReceiver.whenIdle()
    }
  }

  #limitAfter(ms: number): void {
    this.#cancelLimit = this.#deps.environment.after(ms, () => {
      this.#limitAfter(LIMIT_EVERY_MS)
      void this.#limit().catch(() => undefined)
    })
  }

  async #limit(): Promise<void> {
    const { limitHistory } = await import('../store/old-history.ts')
    const shown = [...this.shown].map(({ chatId }) => chatId)
    await limitHistory(this.#deps.store, { now: this.#deps.environment.now(), shown, everyMs: LIMIT_EVERY_MS })
  }
}
