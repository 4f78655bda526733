import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { IndexedTable, StoreName, TableName, Tables } from '../tables.ts'

/**
 * Where rows are kept. `write` is one transaction that excludes those of other tabs: all of it is kept, or nothing. A transaction is
 * over the object stores that it names, and waits for those of others only where they share one. Inside of it only the transaction
 * itself may be awaited, or IndexedDB commits too early. Rows are never changed in place.
 */
export interface Backend {
  /** False when rows are lost with the page. */
  readonly isPersistent: boolean
  read<T>(work: (tx: ReadTransaction) => Promise<T>, stores: readonly StoreName[]): Promise<T>
  write<T>(work: (tx: WriteTransaction) => Promise<T>, stores: readonly StoreName[]): Promise<T>
  close(): void
}

/** `S` are the object stores that it may read. */
export type ReadTransaction<S extends StoreName = StoreName> = TableReader<S> &
  ('messages' extends S ? MessageReader : unknown)

interface TableReader<in S extends StoreName> {
  get: <T extends S & TableName>(table: T, key: string) => Promise<Tables[T] | undefined>
  all: <T extends S & TableName>(table: T) => Promise<Tables[T][]>
  /** The rows with a key after this one and up to `to`, in the order of their keys, at most `count`. */
  after: <T extends S & TableName>(
    table: T,
    key: string,
    range: { count?: number; to?: string },
  ) => Promise<Tables[T][]>
  /** The rows that are last by the index of the table, the very last one first. A row with null there is in no index. */
  last: <T extends S & IndexedTable>(table: T, count: number) => Promise<Tables[T][]>
}

interface MessageReader {
  message(chatId: ChatId, seq: number): Promise<MessageRow | undefined>
  /** Both bounds are included; ordered by seq. */
  messages(chatId: ChatId, from: number, to: number): Promise<MessageRow[]>
}

export interface WriteTransaction extends ReadTransaction {
  /** Resolves in a later task of the event loop, when what was written before is done. The transaction stays open meanwhile. */
  yieldTask(): Promise<void>
  put<T extends TableName>(table: T, row: Tables[T]): void
  delete(table: TableName, key: string): void
  putMessage(row: MessageRow): void
  deleteMessages(chatId: ChatId, from: number, to: number): void
}
