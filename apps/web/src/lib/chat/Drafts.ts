import type { DialogId } from '@veche/shared/ids'
import type { LiveClient } from '#lib/live/LiveClient.ts'

const PAUSE_MS = 400

/** What was begun in a dialog and not sent. It is kept on this device, a moment after the last letter. */
export class Drafts {
  readonly #client: LiveClient
  readonly #dialogId: DialogId
  #cancel: (() => void) | undefined
  #unkept: string | undefined

  constructor(client: LiveClient, dialogId: DialogId) {
    this.#client = client
    this.#dialogId = dialogId
  }

  async read(): Promise<string> {
    return (await this.#client.store.read((tx) => tx.get('drafts', this.#dialogId)))?.body ?? ''
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
      if (!(await merge.dialogScope(this.#dialogId))) return
      const draft = { dialogId: this.#dialogId, body: text, at: this.#client.world.now() }
      if (text.trim()) merge.tx.put('drafts', draft)
      else merge.tx.delete('drafts', this.#dialogId)
      merge.changes.dialogs.add(this.#dialogId)
    })
  }

  close(): Promise<void> {
    return this.keep()
  }
}
