import { voiceLimits } from '@veche/shared/messages'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import { listenedId } from '#lib/store/tables.ts'

const DAY_MS = 86_400_000
const KEPT_MS = voiceLimits.listenedDays * DAY_MS

/** Which voice messages I have listened to, on any of my devices. */
export class ListenedMarks {
  /** Null until they are read. */
  #ids = $state.raw<ReadonlySet<string> | null>(null)
  readonly #client: LiveClient
  #unsubscribe: () => void = () => undefined

  constructor(client: LiveClient) {
    this.#client = client
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#client.store.on('changed', ({ account, outbox }) => {
      if (account || outbox) void this.#read().catch(() => undefined)
    })
    await this.#dropOld()
    await this.#read()
  }

  stop(): void {
    this.#unsubscribe()
  }

  /** Reactive. For my own message: nobody else has listened to it. For a message of somebody else: I have not, within the last 30 days. */
  isUnlistened(row: MessageRow): boolean {
    if (row.kind !== 'voice' || row.deletedAt) return false
    if (row.authorId === this.#client.store.userId) return row.listened === false
    const isRecent = this.#client.clock.now() - Date.parse(row.createdAt) < KEPT_MS
    return isRecent && this.#ids !== null && !this.#ids.has(listenedId(row))
  }

  /** I listen to it: told to the server as soon as possible, once. */
  async mark(row: MessageRow): Promise<void> {
    const { chatId, seq } = row
    if (row.authorId === this.#client.store.userId || !this.isUnlistened(row)) return
    this.#ids = new Set(this.#ids).add(listenedId(row))
    await this.#client.outbox.add({ kind: 'files.listen', chatId, input: { chatId, seq } })
  }

  async #read(): Promise<void> {
    const [rows, commands] = await this.#client.store.read(
      (tx) => Promise.all([tx.all('listened'), tx.all('outbox')]),
      ['listened', 'outbox'],
    )
    const onTheirWay = commands.flatMap((command) => (command.kind === 'files.listen' ? listenedId(command.input) : []))
    this.#ids = new Set([...rows.map(({ id }) => id), ...onTheirWay])
  }

  /** The server has deleted them too. */
  async #dropOld(): Promise<void> {
    const oldest = this.#client.clock.now() - KEPT_MS - DAY_MS
    await this.#client.store.merge(
      async ({ tx }) => {
        for (const { id, messageAt } of await tx.all('listened'))
          if (Date.parse(messageAt) < oldest) tx.delete('listened', id)
      },
      ['listened'],
    )
  }
}
