import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { Backend, ReadTransaction, WriteTransaction } from './backend.ts'
import { tableKeys, type TableName, type Tables } from '../tables.ts'

/** Keeps rows in memory: for a browser without a database, and for clients outside of a browser. */
export class MemoryBackend implements Backend {
  readonly isPersistent = false
  readonly #rows = new RowMaps()
  #lastTransaction: Promise<unknown> = Promise.resolve()

  read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    return this.#queued(() => work(new MemoryTransaction(this.#rows)))
  }

  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    return this.#queued(async () => {
      const tx = new MemoryTransaction(this.#rows)
      try {
        return await work(tx)
      } catch (error) {
        tx.undo()
        throw error
      }
    })
  }

  close(): void {}

  #queued<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#lastTransaction.then(work, work)
    this.#lastTransaction = next.catch(() => undefined)
    return next
  }
}

class RowMaps {
  readonly tables = new Map<TableName, Map<string, unknown>>()
  readonly messages = new Map<ChatId, Map<number, MessageRow>>()

  table<T extends TableName>(name: T): Map<string, Tables[T]> {
    const found = this.tables.get(name) ?? new Map<string, unknown>()
    this.tables.set(name, found)
    return found as Map<string, Tables[T]>
  }

  chat(id: ChatId): Map<number, MessageRow> {
    const found = this.messages.get(id) ?? new Map<number, MessageRow>()
    this.messages.set(id, found)
    return found
  }
}

class MemoryTransaction implements WriteTransaction {
  readonly #rows: RowMaps
  readonly #undo: (() => void)[] = []

  constructor(rows: RowMaps) {
    this.#rows = rows
  }

  async get<T extends TableName>(table: T, key: string): Promise<Tables[T] | undefined> {
    return this.#rows.table(table).get(key)
  }

  async all<T extends TableName>(table: T): Promise<Tables[T][]> {
    return [...this.#rows.table(table).values()]
  }

  async message(chatId: ChatId, seq: number): Promise<MessageRow | undefined> {
    return this.#rows.chat(chatId).get(seq)
  }

  async messages(chatId: ChatId, from: number, to: number): Promise<MessageRow[]> {
    const held = this.#rows.chat(chatId)
    const seqs = to - from < held.size ? span(from, to) : [...held.keys()].filter((seq) => seq >= from && seq <= to)
    return seqs
      .sort((a, b) => a - b)
      .map((seq) => held.get(seq))
      .filter((row) => row !== undefined)
  }

  put<T extends TableName>(table: T, row: Tables[T]): void {
    this.#set(this.#rows.table(table), String(Reflect.get(row, tableKeys[table])), row)
  }

  delete(table: TableName, key: string): void {
    this.#set(this.#rows.table(table), key, undefined)
  }

  putMessage(row: MessageRow): void {
    this.#set(this.#rows.chat(row.chatId), row.seq, row)
  }

  deleteMessages(chatId: ChatId, from: number, to: number): void {
    const held = this.#rows.chat(chatId)
    for (const seq of [...held.keys()]) if (seq >= from && seq <= to) this.#set(held, seq, undefined)
  }

  undo(): void {
    for (const step of this.#undo.reverse()) step()
  }

  #set<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
    const before = map.get(key)
    this.#undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)))
    if (value === undefined) map.delete(key)
    else map.set(key, value)
  }
}

function span(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}
