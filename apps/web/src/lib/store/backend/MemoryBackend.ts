import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { Backend, ReadTransaction, WriteTransaction } from './backend.ts'
import {
  storeNames,
  tableIndexes,
  tableKeys,
  tableNames,
  type IndexedTable,
  type StoreName,
  type TableName,
  type Tables,
} from '../tables.ts'

/** All rows of a backend, and the keys of what was written or deleted there by this device alone. */
export type KeptRows = {
  tables: { [T in TableName]: Tables[T][] }
  messages: MessageRow[]
  changed: { table: LocalTable; key: string }[]
}

/** The server knows nothing of their rows, so a row that is gone from one backend has to be deleted from the other too. */
const localTables = ['drafts', 'outbox', 'voiceParts'] as const
type LocalTable = (typeof localTables)[number]

/** Keeps rows in memory: for a browser without a database, and for clients outside of a browser. */
export class MemoryBackend implements Backend {
  readonly isPersistent = false
  readonly #rows: RowMaps
  #lastTransaction: Promise<unknown> = Promise.resolve()

  constructor(rows = new RowMaps()) {
    this.#rows = rows
  }

  read<T>(work: (tx: ReadTransaction) => Promise<T>, stores: readonly StoreName[]): Promise<T> {
    return this.#queued(() => work(new MemoryTransaction(this.#rows, stores)))
  }

  write<T>(work: (tx: WriteTransaction) => Promise<T>, stores: readonly StoreName[]): Promise<T> {
    return this.#queued(async () => {
      const tx = new MemoryTransaction(this.#rows, stores)
      try {
        return await work(tx)
      } catch (error) {
        tx.undo()
        throw error
      }
    })
  }

  /** All rows, once the transactions that were begun before have ended. */
  kept(): Promise<KeptRows> {
    return readAll(this, [...this.#rows.changed.values()])
  }

  close(): void {}

  #queued<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#lastTransaction.then(work, work)
    this.#lastTransaction = next.catch(() => undefined)
    return next
  }
}

/** A backend in memory with all rows of another. */
export async function copyOf(from: Backend): Promise<MemoryBackend> {
  const { tables, messages } = await readAll(from, [])
  const rows = new RowMaps()
  for (const table of tableNames)
    for (const row of tables[table]) rows.table(table).set(String(Reflect.get(row, tableKeys[table])), row)
  for (const row of messages) rows.chat(row.chatId).set(row.seq, row)
  return new MemoryBackend(rows)
}

async function readAll(backend: Backend, changed: KeptRows['changed']): Promise<KeptRows> {
  return await backend.read(async (tx) => {
    const rows = await Promise.all(tableNames.map(async (table) => [table, await tx.all(table)] as const))
    const tables = Object.fromEntries(rows) as unknown as KeptRows['tables']
    const chats = tables.scopes.filter((scope) => scope.kind === 'chat')
    const messages = await Promise.all(chats.map(({ id }) => tx.messages(id as ChatId, 0, Infinity)))
    return { tables, messages: messages.flat(), changed }
  }, storeNames)
}

class RowMaps {
  readonly changed = new Map<string, KeptRows['changed'][number]>()
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
  readonly #stores: readonly StoreName[]
  readonly #undo: (() => void)[] = []

  constructor(rows: RowMaps, stores: readonly StoreName[]) {
    this.#rows = rows
    this.#stores = stores
  }

  async get<T extends TableName>(table: T, key: string): Promise<Tables[T] | undefined> {
    return this.#table(table).get(key)
  }

  async all<T extends TableName>(table: T): Promise<Tables[T][]> {
    return [...this.#table(table).values()]
  }

  async after<T extends TableName>(
    table: T,
    key: string,
    range: { count?: number; to?: string },
  ): Promise<Tables[T][]> {
    const keyOf = (row: Tables[T]) => String(Reflect.get(row, tableKeys[table]))
    const rows = (await this.all(table)).filter((row) => keyOf(row) > key && !(range.to && keyOf(row) > range.to))
    return rows.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).slice(0, range.count)
  }

  async last<T extends IndexedTable>(table: T, count: number): Promise<Tables[T][]> {
    const value = (row: Tables[T]) => Reflect.get(row, tableIndexes[table]) as string | null | undefined
    const rows = (await this.all(table)).filter((row) => typeof value(row) === 'string')
    return rows.sort((a, b) => (value(a)! > value(b)! ? -1 : 1)).slice(0, count)
  }

  async yieldTask(): Promise<void> {
    // Nothing here takes long.
  }

  async message(chatId: ChatId, seq: number): Promise<MessageRow | undefined> {
    return this.#chat(chatId).get(seq)
  }

  async messages(chatId: ChatId, from: number, to: number): Promise<MessageRow[]> {
    const held = this.#chat(chatId)
    const seqs = to - from < held.size ? span(from, to) : [...held.keys()].filter((seq) => seq >= from && seq <= to)
    return seqs
      .sort((a, b) => a - b)
      .map((seq) => held.get(seq))
      .filter((row) => row !== undefined)
  }

  put<T extends TableName>(table: T, row: Tables[T]): void {
    this.#setRow(table, String(Reflect.get(row, tableKeys[table])), row)
  }

  delete(table: TableName, key: string): void {
    this.#setRow(table, key, undefined)
  }

  putMessage(row: MessageRow): void {
    this.#set(this.#chat(row.chatId), row.seq, row)
  }

  deleteMessages(chatId: ChatId, from: number, to: number): void {
    const held = this.#chat(chatId)
    for (const seq of [...held.keys()]) if (seq >= from && seq <= to) this.#set(held, seq, undefined)
  }

  undo(): void {
    for (const step of this.#undo.reverse()) step()
  }

  #table<T extends TableName>(name: T): Map<string, Tables[T]> {
    this.#requireNamed(name)
    return this.#rows.table(name)
  }

  #chat(id: ChatId): Map<number, MessageRow> {
    this.#requireNamed('messages')
    return this.#rows.chat(id)
  }

  /** A database would refuse it too. */
  #requireNamed(store: StoreName): void {
    if (!this.#stores.includes(store)) throw new Error(`the transaction does not name ${store}`)
  }

  #setRow<T extends TableName>(table: T, key: string, row: Tables[T] | undefined): void {
    const local = localTables.find((each) => each === table)
    if (local) this.#rows.changed.set(`${table} ${key}`, { table: local, key })
    this.#set(this.#table(table), key, row)
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
