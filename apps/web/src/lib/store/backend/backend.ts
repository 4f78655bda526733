import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { TableName, Tables } from '../tables.ts'

/**
 * Where rows are kept. `write` is one transaction over all tables that excludes those of other tabs: all of it is kept, or nothing.
 * Inside of it only the transaction itself may be awaited, or IndexedDB commits too early. Rows are never changed in place.
 */
export interface Backend {
  /** False when rows are lost with the page. */
  readonly isPersistent: boolean
  read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T>
  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T>
  close(): void
}

export interface ReadTransaction {
  get<T extends TableName>(table: T, key: string): Promise<Tables[T] | undefined>
  all<T extends TableName>(table: T): Promise<Tables[T][]>
  message(chatId: ChatId, seq: number): Promise<MessageRow | undefined>
  /** Both bounds are included; ordered by seq. */
  messages(chatId: ChatId, from: number, to: number): Promise<MessageRow[]>
}

export interface WriteTransaction extends ReadTransaction {
  put<T extends TableName>(table: T, row: Tables[T]): void
  delete(table: TableName, key: string): void
  putMessage(row: MessageRow): void
  deleteMessages(chatId: ChatId, from: number, to: number): void
}
