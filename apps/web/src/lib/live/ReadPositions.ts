import type { ChatId } from '@veche/shared/ids'
import { AppError, appError } from '../api/error.ts'
import { applyReadAnswer, moveReadPosition, unreportedReadPositions } from '../store/merge/read-positions.ts'
import { storesOfRows } from '../store/merge/needed-stores.ts'
import type { Store } from '../store/Store.ts'
import type { StoreName } from '../store/tables.ts'
import type { LiveApi } from './connection/live-api.ts'
import type { Environment } from './environment.ts'

const MIN_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 30_000

/** What a read position moves in: the scope, and what its unread number is counted from. */
const MOVED: StoreName[] = ['scopes', 'memberships', 'chats', 'messages']

type ReadPositionsDeps = { store: Store; api: LiveApi; environment: Environment }

/** Reports to the server how far I have read and what was delivered to me: at most once a second, and again until it succeeds. */
export class ReadPositions {
  readonly #deps: ReadPositionsDeps
  readonly #unsubscribe: () => void
  readonly #delivered = new Map<ChatId, number>()
  #cancelPause: (() => void) | undefined
  #running: Promise<boolean> | undefined
  #isRequested = false
  #isStopped = false
  /** How many reports in a row have failed. */
  #failures = 0

  constructor(deps: ReadPositionsDeps) {
    this.#deps = deps
    this.#unsubscribe = deps.store.on('followUps', ({ delivered }) => {
      for (const [chatId, seq] of delivered) this.#markDelivered(chatId, seq)
    })
  }

  async markRead(chatId: ChatId, seq: number): Promise<void> {
    const moved = await this.#deps.store.merge((merge) => moveReadPosition(merge, chatId, seq), MOVED)
    if (moved) this.report()
  }

  /** Now, unless a report was made less than a second ago. */
  report(): void {
    if (this.#isStopped) return
    if (this.#running || this.#cancelPause) {
      this.#isRequested = true
      return
    }
    void this.#run()
  }

  /** Resolves when the server knows how far I have read until now. Rejects when it cannot be told. */
  async reportNow(): Promise<void> {
    while (this.#running) await this.#running
    this.#cancelPause?.()
    if (this.#isStopped || !(await this.#run())) throw new AppError('network.unreachable')
  }

  stop(): void {
    this.#isStopped = true
    this.#unsubscribe()
    this.#cancelPause?.()
  }

  #run(): Promise<boolean> {
    this.#running = this.#reportAll().then((succeeded) => {
      this.#running = undefined
      this.#isRequested ||= !succeeded
      const pauseMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** this.#failures)
      this.#failures = succeeded ? 0 : this.#failures + 1
      this.#cancelPause = this.#deps.environment.after(pauseMs, () => this.#endPause())
      return succeeded
    })
    return this.#running
  }

  #endPause(): void {
    this.#cancelPause = undefined
    if (!this.#isRequested) return
    this.#isRequested = false
    this.report()
  }

  #markDelivered(chatId: ChatId, seq: number): void {
    this.#delivered.set(chatId, Math.max(seq, this.#delivered.get(chatId) ?? 0))
    this.report()
  }

  /** False when something has to be reported again. */
  async #reportAll(): Promise<boolean> {
    const delivered = [...this.#delivered]
    this.#delivered.clear()
    const read = await this.#deps.store.read(unreportedReadPositions, ['scopes', 'memberships']).catch(() => [])
    const results = await Promise.all([
      ...read.map(({ chatId, seq }) => this.#reportRead(chatId, seq)),
      ...delivered.map(([chatId, seq]) => this.#reportDelivered(chatId, seq)),
    ])
    return results.every(Boolean)
  }

  /** A failed report stays in the database as read but not reported, so that another tab can make it too. */
  async #reportRead(chatId: ChatId, seq: number): Promise<boolean> {
    const { store, api } = this.#deps
    try {
      const answer = await api.read(chatId, seq)
      const rows = { memberships: [answer.membership] }
      await store.merge((merge) => applyReadAnswer(merge, answer), storesOfRows(rows))
      return true
    } catch (thrown) {
      return isFinal(thrown)
    }
  }

  async #reportDelivered(chatId: ChatId, seq: number): Promise<boolean> {
    try {
      await this.#deps.api.delivered(chatId, seq)
      return true
    } catch (thrown) {
      if (isFinal(thrown)) return true
      if (!this.#delivered.has(chatId)) this.#delivered.set(chatId, seq)
      return false
    }
  }
}

/** I am not in the chat any more, or not signed in: another attempt would be refused as well. */
function isFinal(thrown: unknown): boolean {
  const { code } = appError(thrown)
  return code === 'chat.not_found' || code === 'auth.required' || code === 'input.invalid'
}
