import type { ChatId } from '@veche/shared/ids'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import { noteStoppedAt } from '#lib/store/visits.ts'

const PAUSE_MS = 1_000

/**
 * The message at which the reader of a chat stopped, while that is far from the end. It is kept on this device, and the chat opens
 * there again.
 */
export class StoppedAt {
  readonly #client: LiveClient
  readonly #chatId: ChatId
  /** Null: at the end. Undefined: the reader has not been anywhere yet. */
  #seq: number | null | undefined
  #stored: number | null | undefined
  #cancel: (() => void) | undefined

  constructor(client: LiveClient, chatId: ChatId) {
    this.#client = client
    this.#chatId = chatId
  }

  async read(): Promise<number | null> {
    if (this.#seq !== undefined) return this.#seq
    const visit = await this.#client.store.read((tx) => tx.get('visits', this.#chatId), ['visits'])
    this.#stored = visit?.stoppedAtSeq ?? null
    return this.#stored
  }

  moveTo(seq: number | null): void {
    this.#seq = seq
    this.#cancel ??= this.#client.environment.after(PAUSE_MS, () => void this.store())
  }

  /** If this fails, the chat opens at its end. */
  async store(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#seq === undefined || this.#seq === this.#stored) return
    this.#stored = this.#seq
    await noteStoppedAt(this.#client.store, this.#chatId, this.#seq).catch(() => undefined)
  }
}
