import type { ChatId } from '@veche/shared/ids'
import type { LiveClient } from '#lib/live/LiveClient.ts'

const PAUSE_MS = 400

/** The text of a chat that was typed and not sent. It is stored on this device a moment after the last letter. */
export class Drafts {
  readonly #client: LiveClient
  readonly #chatId: ChatId
  #cancel: (() => void) | undefined
  #unstored: string | undefined
  /** The text that could not be stored, because the chat was gone. */
  #lost: string | undefined

  constructor(client: LiveClient, chatId: ChatId) {
    this.#client = client
    this.#chatId = chatId
  }

  /** What was typed and is not in the store, if there is anything. */
  get unstored(): string | undefined {
    return this.#unstored ?? this.#lost
  }

  async read(): Promise<string> {
    return (await this.#client.store.read((tx) => tx.get('drafts', this.#chatId), ['drafts']))?.body ?? ''
  }

  write(text: string): void {
    this.#unstored = text
    this.#cancel?.()
    this.#cancel = this.#client.environment.after(PAUSE_MS, () => void this.store())
  }

  /** The message was sent: the outbox deletes the stored draft in the same transaction. */
  forget(): void {
    this.#cancel?.()
    this.#unstored = undefined
  }

  /** Stores at once, because the tab may be closed while it is hidden. */
  async store(): Promise<void> {
    this.#cancel?.()
    const text = this.#unstored
    if (text === undefined) return
    this.#unstored = undefined
    await this.#client.store.merge(
      async (merge) => {
        // A member who was removed meanwhile keeps nothing of the chat.
        if (!(await merge.chatScope(this.#chatId))) return void (this.#lost = text)
        const draft = { chatId: this.#chatId, body: text, at: this.#client.environment.now() }
        if (text.trim()) merge.tx.put('drafts', draft)
        else merge.tx.delete('drafts', this.#chatId)
        merge.changes.chats.add(this.#chatId)
      },
      ['drafts', 'scopes'],
    )
  }

  close(): Promise<void> {
    return this.store()
  }
}
