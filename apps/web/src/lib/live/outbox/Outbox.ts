import { newId, type ClientId, type ChatId } from '@veche/shared/ids'
import { cleanText } from '@veche/shared/limits'
import { pause } from '../environment.ts'
import { isMessage, type Command, type NewCommand } from '../../store/commands.ts'
import type { Merge } from '../../store/merge/Merge.ts'
import type { Store } from '../../store/Store.ts'
import type { CommandSender, SenderDeps } from './CommandSender.ts'

const LOAD_AGAIN_MS = 3_000

/**
 * Commands that were composed and not yet acknowledged. They are in the database, so another tab or the next start goes on with them.
 * Until then they are shown as if they were done.
 */
export class Outbox {
  readonly store: Store
  readonly #deps: SenderDeps
  /** Undefined until its code is loaded. */
  #sender: CommandSender | undefined
  readonly #stopped = new AbortController()
  #unsubscribe: () => void = () => undefined

  constructor(deps: SenderDeps) {
    this.store = deps.store
    this.#deps = deps
  }

  /** Sends what is in the outbox, and from now on all that this tab or another one puts into it. */
  start(): void {
    this.#unsubscribe = this.#deps.store.on('changed', (changes) => {
      if (changes.outbox) void this.#send()
    })
    void this.#send()
  }

  /** Resolves when the message is in the outbox, and the draft that it came from is deleted. */
  async addMessage(chatId: ChatId, text: string): Promise<ClientId> {
    const message: NewCommand = { kind: 'messages.send', chatId, input: { chatId, body: cleanText(text) } }
    return await this.add(message, ({ tx }) => tx.delete('drafts', chatId))
  }

  /** Puts the command at the end of the outbox, behind what was composed before in any tab. */
  async add(composed: NewCommand, alsoMerge: (merge: Merge) => unknown = () => undefined): Promise<ClientId> {
    const { clock } = this.#deps
    const now = clock.now()
    // With a wrong clock of the device, the id could look expired.
    const id = newId<ClientId>(now)
    const composedAt = new Date(now).toISOString()
    const times = clock.isSet ? { composedAt } : { composedAt, byDeviceClock: true }
    await this.#deps.store.merge(
      async (merge) => {
        const order = await nextOrder(merge)
        const command = { ...composed, ...times, id, order, refusal: null } as Command
        merge.tx.put('outbox', command)
        merge.noteCommand(command)
        await alsoMerge(merge)
      },
      ['outbox', 'drafts', 'attachments', 'voiceParts'],
    )
    return id
  }

  /** Sends a refused message again, at the end of the outbox. If the server will never take its client id, it gets another. */
  async resend(id: ClientId): Promise<void> {
    await (await this.#loadSender()).resend(id)
  }

  /**
   * Deletes a refused message, and one whose files are still on their way. A text that was not refused stays: the server may have stored it
   * already.
   */
  async cancel(id: ClientId): Promise<void> {
    await (await this.#loadSender()).cancel(id)
  }

  /** How many messages only this device has. */
  async countMessages(): Promise<number> {
    return (await this.#deps.store.read((tx) => tx.all('outbox'), ['outbox'])).filter(isMessage).length
  }

  /** The connection is back: ends the pauses between attempts. */
  retryNow(): void {
    this.#sender?.retryNow()
  }

  /** Starts no more requests. A command whose answer is lost now is sent again at the next start. */
  stop(): void {
    this.#unsubscribe()
    this.#stopped.abort()
    this.#sender?.stop()
  }

  async #send(): Promise<void> {
    try {
      const sender = await this.#loadSender()
      if (!this.#stopped.signal.aborted) sender.send()
    } catch {
      await pause(this.#deps.environment, LOAD_AGAIN_MS, this.#stopped.signal)
      if (!this.#stopped.signal.aborted) await this.#send()
    }
  }

  /** No first screen waits for it, so its code is loaded beside it. */
  async #loadSender(): Promise<CommandSender> {
    if (this.#sender) return this.#sender
    const { CommandSender } = await import('./CommandSender.ts')
    return (this.#sender ??= new CommandSender(this.#deps))
  }
}

export async function nextOrder({ tx }: Merge): Promise<number> {
  return (await tx.all('outbox')).reduce((last, { order }) => Math.max(last, order), 0) + 1
}
