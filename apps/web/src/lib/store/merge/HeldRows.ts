import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { WriteTransaction } from '../backend/backend.ts'
import { readMany } from '../backend/many-rows.ts'
import { tableKeys, type IndexedTable, type TableName, type Tables } from '../tables.ts'

/** Keys of rows that a merge is going to read. */
export type RowKeys = { tables: { [T in TableName]?: Iterable<string> }; messages: [ChatId, number][] }

/** After this long the main thread is given to others, for instance to a click. */
const MAX_TASK_MS = 8

/**
 * The rows that one merge reads and writes. Those that it is going to need are read ahead, all at once, and it decides in memory: to wait
 * for the database row by row would take a hundred times as long.
 */
export class HeldRows implements WriteTransaction {
  readonly #tx: WriteTransaction
  readonly #tables = new Map<TableName, Map<string, unknown>>()
  readonly #messages = new Map<ChatId, Map<number, MessageRow | undefined>>()
  #taskBegan = performance.now()

  constructor(tx: WriteTransaction) {
    this.#tx = tx
  }

  async readAhead({ tables, messages }: RowKeys): Promise<void> {
    const ofTables = Object.entries(tables) as [TableName, Iterable<string>][]
    const unread = messages.filter(([chatId, seq]) => !this.#messagesOf(chatId).has(seq))
    await Promise.all([
      ...ofTables.map(([table, keys]) => this.#readMany(table, keys)),
      ...unread.map(([chatId, seq]) => this.message(chatId, seq)),
    ])
    await this.leaveLongTask()
  }

  /** Lets others have the main thread, if it was held for long. To be called between pieces of work. */
  async leaveLongTask(): Promise<void> {
    if (performance.now() - this.#taskBegan < MAX_TASK_MS) return
    await this.#tx.yieldTask()
    this.#taskBegan = performance.now()
  }

  async get<T extends TableName>(table: T, key: string): Promise<Tables[T] | undefined> {
    await this.leaveLongTask()
    if (!this.#table(table).has(key)) await this.#read(table, key)
    return this.#table(table).get(key)
  }

  async message(chatId: ChatId, seq: number): Promise<MessageRow | undefined> {
    const held = this.#messagesOf(chatId)
    if (!held.has(seq)) held.set(seq, await this.#tx.message(chatId, seq))
    return held.get(seq)
  }

  all<T extends TableName>(table: T): Promise<Tables[T][]> {
    return this.#tx.all(table)
  }

  after<T extends TableName>(table: T, key: string, range: { count?: number; to?: string }): Promise<Tables[T][]> {
    return this.#tx.after(table, key, range)
  }

  last<T extends IndexedTable>(table: T, count: number): Promise<Tables[T][]> {
    return this.#tx.last(table, count)
  }

  messages(chatId: ChatId, from: number, to: number): Promise<MessageRow[]> {
    return this.#tx.messages(chatId, from, to)
  }

  yieldTask(): Promise<void> {
    return this.#tx.yieldTask()
  }

  put<T extends TableName>(table: T, row: Tables[T]): void {
    this.#tx.put(table, row)
    this.#table(table).set(String(Reflect.get(row, tableKeys[table])), row)
  }

  delete(table: TableName, key: string): void {
    this.#tx.delete(table, key)
    this.#table(table).set(key, undefined)
  }

  putMessage(row: MessageRow): void {
    this.#tx.putMessage(row)
    this.#messagesOf(row.chatId).set(row.seq, row)
  }

  deleteMessages(chatId: ChatId, from: number, to: number): void {
    this.#tx.deleteMessages(chatId, from, to)
    const held = this.#messagesOf(chatId)
    for (const seq of held.keys()) if (seq >= from && seq <= to) held.set(seq, undefined)
  }

  /** The rows of a table that were read or written. A missing row is held as undefined. */
  #table<T extends TableName>(table: T): Map<string, Tables[T] | undefined> {
    const held = this.#tables.get(table) ?? new Map<string, unknown>()
    this.#tables.set(table, held)
    return held as Map<string, Tables[T] | undefined>
  }

  #messagesOf(chatId: ChatId): Map<number, MessageRow | undefined> {
    const held = this.#messages.get(chatId) ?? new Map<number, MessageRow | undefined>()
    this.#messages.set(chatId, held)
    return held
  }

  async #readMany<T extends TableName>(table: T, keys: Iterable<string>): Promise<void> {
    const held = this.#table(table)
    const unread = [...keys].filter((key) => !held.has(key))
    if (unread.length === 0) return
    const found = await readMany(this.#tx, table, unread)
    for (const key of unread) if (!held.has(key)) held.set(key, found.get(key))
  }

  async #read<T extends TableName>(table: T, key: string): Promise<void> {
    const row = await this.#tx.get(table, key)
    // It may have been written meanwhile.
    if (!this.#table(table).has(key)) this.#table(table).set(key, row)
  }
}
