import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { chatStores, readChat } from '#lib/chats/chat.ts'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import type { ReadTransaction } from '#lib/store/backend/backend.ts'
import { firstVisibleSeq } from '#lib/store/visible-history.ts'
import { rangeOf, type Range } from '#lib/store/ranges.ts'
import { byOrder, isMessage, type MessageCommand } from '#lib/store/commands.ts'
import type { ChatScope } from '#lib/store/tables.ts'

/** Messages to read: all of a range, or those of these numbers. */
export type WantedMessages = { range: Range } | { seqs: number[] }
export type HeldMessages = { top: number; firstVisible: number; rows: MessageRow[]; pending: MessageCommand[] }

/** What this device holds of the history of one chat. */
export class HeldHistory {
  readonly #client: LiveClient
  readonly #chatId: ChatId

  constructor(client: LiveClient, chatId: ChatId) {
    this.#client = client
    this.#chatId = chatId
  }

  /** Null when the person is not a member. A chat that was joined a moment ago may still be on its way, so it is asked for. */
  async scope(): Promise<ChatScope | null> {
    const { store, rowReceiver } = this.#client
    const read = () => store.read((tx) => tx.get('scopes', this.#chatId), ['scopes'])
    let scope = await read()
    if (!scope) {
      rowReceiver.requestScope(this.#chatId)
      await rowReceiver.whenIdle()
      scope = await read()
    }
    return scope?.kind === 'chat' ? scope : null
  }

  /** The first number that this person may see. */
  async firstVisible(): Promise<number> {
    return await this.#client.store.read((tx) => firstVisible(tx, this.#chatId), ['memberships', 'chats'])
  }

  /** Where the unread messages begin, or null when all are read. */
  async unreadFrom(): Promise<number | null> {
    const { store } = this.#client
    const chat = await store.read((tx) => readChat(tx, store.userId, this.#chatId), chatStores)
    return chat && chat.unread > 0 ? chat.readTo + 1 : null
  }

  async holds(seq: number): Promise<boolean> {
    const scope = await this.scope()
    return scope !== null && rangeOf(scope.ranges, seq) !== undefined
  }

  /** The lowest number of the run without gaps that ends just below `seq`, at most `count` messages long. */
  async reachBelow(seq: number, count: number): Promise<number> {
    const scope = await this.scope()
    const range = scope && rangeOf(scope.ranges, seq - 1)
    return range ? Math.max(range[0], seq - count) : seq
  }

  async reachAbove(seq: number, count: number): Promise<number> {
    const scope = await this.scope()
    const range = scope && rangeOf(scope.ranges, seq + 1)
    return range ? Math.min(range[1], seq + count) : seq
  }

  /** Reads rows and unsent messages in one transaction, so that a message that is stored meanwhile is seen exactly once. */
  async read(wanted: WantedMessages): Promise<HeldMessages | null> {
    return await this.#client.store.read(
      async (tx) => {
        const scope = await tx.get('scopes', this.#chatId)
        if (scope?.kind !== 'chat') return null
        const [rows, pending, first] = await Promise.all([
          'range' in wanted
            ? tx.messages(this.#chatId, ...wanted.range)
            : this.#rowsOf(
                tx,
                wanted.seqs.filter((seq) => seq <= scope.top),
              ),
          this.#pending(tx),
          firstVisible(tx, this.#chatId),
        ])
        return { top: scope.top, firstVisible: first, rows, pending }
      },
      ['scopes', 'messages', 'outbox', 'memberships', 'chats'],
    )
  }

  async #rowsOf(tx: ReadTransaction<'messages'>, seqs: number[]): Promise<MessageRow[]> {
    const rows = await Promise.all(seqs.map((seq) => tx.message(this.#chatId, seq)))
    return rows.filter((row) => row !== undefined)
  }

  async #pending(tx: ReadTransaction<'outbox'>): Promise<MessageCommand[]> {
    const commands = (await tx.all('outbox')).filter(({ chatId }) => chatId === this.#chatId)
    return commands.filter(isMessage).sort(byOrder)
  }
}

async function firstVisible(tx: ReadTransaction<'memberships' | 'chats'>, id: ChatId): Promise<number> {
  return firstVisibleSeq(await tx.get('memberships', id), await tx.get('chats', id))
}
