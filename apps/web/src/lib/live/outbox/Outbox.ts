import { newId, type ClientId, type ChatId } from '@veche/shared/ids'
import { cleanText } from '@veche/shared/limits'
import { isMessage, type Command, type NewCommand } from '../../store/commands.ts'
import type { Merge } from '../../store/merge/Merge.ts'
import { CommandSender, type SenderDeps } from './CommandSender.ts'

/**
 * Commands that were composed and not yet acknowledged. They are in the database, so another tab or the next start goes on with them.
 * Until then they are shown as if they were done.
 */
export class Outbox {
  readonly #deps: SenderDeps
  readonly #sender: CommandSender
  #unsubscribe: () => void = () => undefined

  constructor(deps: SenderDeps) {
    this.#deps = deps
    this.#sender = new CommandSender(deps)
  }

  /** Sends what is in the outbox, and from now on all that this tab or another one puts into it. */
  start(): void {
    this.#unsubscribe = this.#deps.store.on('changed', (changes) => {
      if (changes.outbox) this.#sender.send()
    })
    this.#sender.send()
  }

  /** Resolves when the message is in the outbox, and the draft that it came from is deleted. */
  async addMessage(chatId: ChatId, text: string): Promise<ClientId> {
    const message: NewCommand = { kind: 'messages.send', chatId, input: { chatId, body: cleanText(text) } }
    return await this.add(message, ({ tx }) => tx.delete('drafts', chatId))
  }

  /** Puts the command at the end of the outbox, behind what was composed before in any tab. */
  async add(composed: NewCommand, alsoMerge: (merge: Merge) => void = () => undefined): Promise<ClientId> {
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
        alsoMerge(merge)
      },
      ['outbox', 'drafts'],
    )
    return id
  }

  /** Sends a refused message again, at the end of the outbox. If the server will never take its client id, it gets another. */
  async resend(id: ClientId): Promise<void> {
    const newClientId = newId<ClientId>(this.#deps.clock.now())
    await this.#changeRefused(id, async (merge, held) => {
      const isIdSpent = held.refusal === 'message.conflict' || held.refusal === 'message.client_id_expired'
      const order = await nextOrder(merge)
      merge.tx.put('outbox', { ...held, id: isIdSpent ? newClientId : id, order, refusal: null })
    })
  }

  /** Deletes a refused message. A message that was not refused stays: the server may have stored it already. */
  async cancel(id: ClientId): Promise<void> {
    await this.#changeRefused(id, async () => undefined)
  }

  /** How many messages only this device has. */
  async countMessages(): Promise<number> {
    return (await this.#deps.store.read((tx) => tx.all('outbox'), ['outbox'])).filter(isMessage).length
  }

  /** The connection is back: ends the pauses between attempts. */
  retryNow(): void {
    this.#sender.retryNow()
  }

  /** Starts no more requests. A command whose answer is lost now is sent again at the next start. */
  stop(): void {
    this.#unsubscribe()
    this.#sender.stop()
  }

  async #changeRefused(id: ClientId, change: (merge: Merge, held: Command) => Promise<void>): Promise<void> {
    await this.#deps.store.merge(
      async (merge) => {
        const held = await merge.tx.get('outbox', id)
        if (!held || held.refusal === null) return
        merge.tx.delete('outbox', id)
        await change(merge, held)
        merge.noteCommand(held)
      },
      ['outbox'],
    )
  }
}

async function nextOrder({ tx }: Merge): Promise<number> {
  return (await tx.all('outbox')).reduce((last, { order }) => Math.max(last, order), 0) + 1
}
