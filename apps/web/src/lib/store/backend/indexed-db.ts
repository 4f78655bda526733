import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { wrap, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb'
import type { Backend, ReadTransaction, WriteTransaction } from './backend.ts'
import { tableKeys, tableNames, type StoreName, type TableName, type Tables } from '../tables.ts'

const VERSION = 4
const BLOCKED_TIMEOUT_MS = 3_000

export type IndexedDbOptions = {
  name: string
  factory: IDBFactory
  /** superseded: a newer release in another tab needs the database · lost: the browser closed it */
  onLost: (why: 'superseded' | 'lost') => void
}

export async function openIndexedDb(options: IndexedDbOptions): Promise<Backend> {
  const database = await open(options)
  database.onversionchange = () => {
    database.close()
    options.onLost('superseded')
  }
  database.onclose = () => options.onLost('lost')
  return new IndexedDb(wrap(database) as IDBPDatabase<Schema>)
}

type Schema = DBSchema & { [T in TableName]: { key: string; value: Tables[T] } } & {
  messages: { key: [ChatId, number]; value: MessageRow }
}
type Mode = 'readonly' | 'readwrite'
type Idb<M extends Mode> = IDBPTransaction<Schema, StoreName[], M>

function open(options: IndexedDbOptions): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = options.factory.open(options.name, VERSION)
    let late = false
    request.onupgradeneeded = (event) => upgrade(request.result, event.oldVersion)
    request.onsuccess = () => (late ? request.result.close() : resolve(request.result))
    request.onerror = () => reject(request.error ?? new Error('the database did not open'))
    request.onblocked = () => {
      setTimeout(() => {
        late = true
        reject(new Error('another tab keeps an older database open'))
      }, BLOCKED_TIMEOUT_MS)
    }
  })
}

function upgrade(database: IDBDatabase, from: number): void {
  // Version 3 renamed fields of the scopes: everything synced is fetched again, drafts and the outbox stay.
  const kept = from < 3 ? ['drafts', 'outbox'] : [...database.objectStoreNames]
  for (const table of [...database.objectStoreNames]) if (!kept.includes(table)) database.deleteObjectStore(table)
  const missing = tableNames.filter((table) => !database.objectStoreNames.contains(table))
  for (const table of missing) database.createObjectStore(table, { keyPath: tableKeys[table] })
  if (!database.objectStoreNames.contains('messages')) {
    database.createObjectStore('messages', { keyPath: ['chatId', 'seq'] })
  }
}

class IndexedDb implements Backend {
  readonly isPersistent = true
  readonly #database: IDBPDatabase<Schema>

  constructor(database: IDBPDatabase<Schema>) {
    this.#database = database
  }

  async read<T>(work: (tx: ReadTransaction) => Promise<T>, stores: readonly StoreName[]): Promise<T> {
    const tx = this.#database.transaction([...stores], 'readonly')
    return await finished(tx, work(new IndexedDbTransaction(tx as unknown as Idb<'readwrite'>)))
  }

  async write<T>(work: (tx: WriteTransaction) => Promise<T>, stores: readonly StoreName[]): Promise<T> {
    const tx = this.#database.transaction([...stores], 'readwrite')
    return await finished(tx, work(new IndexedDbTransaction(tx)))
  }

  close(): void {
    this.#database.close()
  }
}

async function finished<T>(tx: Idb<Mode>, work: Promise<T>): Promise<T> {
  // The end of the transaction is awaited from the start: it may fail before the work notices, and would be an unhandled rejection.
  const done = tx.done.then(
    () => null,
    (error: unknown) => ({ error }),
  )
  try {
    const result = await work
    const failed = await done
    if (failed) throw failed.error
    return result
  } catch (error) {
    abort(tx)
    await done
    throw tx.error ?? error
  }
}

function abort(tx: Idb<Mode>): void {
  try {
    tx.abort()
  } catch {
    // The transaction has ended already.
  }
}

class IndexedDbTransaction implements WriteTransaction {
  readonly #tx: Idb<'readwrite'>

  constructor(tx: Idb<'readwrite'>) {
    this.#tx = tx
  }

  async get<T extends TableName>(table: T, key: string): Promise<Tables[T] | undefined> {
    return (await this.#store(table).get(key)) as Tables[T] | undefined
  }

  async all<T extends TableName>(table: T): Promise<Tables[T][]> {
    return (await this.#store(table).getAll()) as Tables[T][]
  }

  async message(chatId: ChatId, seq: number): Promise<MessageRow | undefined> {
    return await this.#store('messages').get([chatId, seq])
  }

  async messages(chatId: ChatId, from: number, to: number): Promise<MessageRow[]> {
    return to < from ? [] : await this.#store('messages').getAll(between(chatId, from, to))
  }

  put<T extends TableName>(table: T, row: Tables[T]): void {
    this.#store(table).put(row).catch(ignoreFailedWrite)
  }

  delete(table: TableName, key: string): void {
    this.#store(table).delete(key).catch(ignoreFailedWrite)
  }

  putMessage(row: MessageRow): void {
    this.#store('messages').put(row).catch(ignoreFailedWrite)
  }

  deleteMessages(chatId: ChatId, from: number, to: number): void {
    if (to >= from)
      this.#store('messages')
        .delete(between(chatId, from, to))
        .catch(ignoreFailedWrite)
  }

  /** The error of the database itself would look as if its disk had failed. */
  #store<Name extends StoreName>(name: Name) {
    if (!this.#tx.objectStoreNames.contains(name)) throw new Error(`the transaction does not name ${name}`)
    return this.#tx.objectStore(name)
  }
}

function between(chatId: ChatId, from: number, to: number): IDBKeyRange {
  return IDBKeyRange.bound([chatId, from], [chatId, to])
}

/** A failed write makes its transaction fail, and `finished` reports that. */
function ignoreFailedWrite(): void {}
