import type { ChatId } from '@veche/shared/ids'
import type { LiveClient } from '#lib/live/LiveClient.ts'

const PAUSE_MS = 400

/** What was begun in a chat and not sent. It is kept on this device, a moment after the last letter. */
export class Drafts {
  readonly #client: LiveClient
  readonly #chatId: ChatId
  #cancel: (() => void) | undefined
  #unkept: string | undefined

  constructor(client: LiveClient, chatId: ChatId) {
    this.#client = client
    this.#chatId = chatId
  }

  async read(): Promise<string> {
    return (await this.#client.store.read((tx) => tx.get('drafts', this.#chatId)))?.body ?? ''
  }

  write(text: string): void {
    this.#unkept = text
    this.#cancel?.()
    this.#cancel = this.#client.world.after(PAUSE_MS, () => void this.keep())
  }

  /** The message has been sent: the outbox took the draft with it. */
  forget(): void {
    this.#cancel?.()
    this.#unkept = undefined
  }

  /** At once: the tab is hidden, perhaps for good. */
  async keep(): Promise<void> {
    this.#cancel?.()
    const text = this.#unkept
    if (text === undefined) return
    this.#unkept = undefined
    await this.#client.intake.commit(async (merge) => {
      // Whoever was removed in the meantime keeps nothing, not even this.
      if (!(await merge.chatScope(this.#chatId))) return
      const draft = { chatId: this.#chatId, body: text, at: this.#client.world.now() }
      if (text.trim()) merge.tx.put('drafts', draft)
      else merge.tx.delete('drafts', this.#chatId)
      merge.changes.chats.add(this.#chatId)
    })
  }

  close(): Promise<void> {
    return this.keep()
  }
}
