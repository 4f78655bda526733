import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { Backend, ReadTransaction, WriteTransaction } from './backend.ts'
import { tableIndexes, tableKeys, type IndexedTable, type StoreName, type TableName, type Tables } from '../tables.ts'

const VERSION = 9
const BLOCKED_TIMEOUT_MS = 3_000
/** Rows that are read by one request: the browser copies them in one task. */
const ROWS_PER_READ = 250

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
  return new IndexedDb(database)
}

type Upgrade = (typeof import('./database-upgrade.ts'))['upgradeDatabase']

/** The code that makes or changes the tables is fetched when they are older: most visits do without it. */
async function open(options: IndexedDbOptions): Promise<IDBDatabase> {
  return (await request(options)) ?? (await request(options, (await import('./database-upgrade.ts')).upgradeDatabase))!
}

/** Null when the tables are older and there is no code to upgrade them: then nothing was changed. */
function request({ name, factory }: IndexedDbOptions, upgrade?: Upgrade): Promise<IDBDatabase | null> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, VERSION)
    let late = false
    request.onupgradeneeded = (event) => {
      if (upgrade) return upgrade(request, event.oldVersion)
      late = true
      request.transaction!.abort()
      resolve(null)
    }
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

class IndexedDb implements Backend {
  readonly isPersistent = true
  readonly #database: IDBDatabase

  constructor(database: IDBDatabase) {
    this.#database = database
  }

  async read<T>(work: (tx: ReadTransaction) => Promise<T>, stores: readonly StoreName[]): Promise<T> {
    return await finished(this.#database.transaction([...stores]), work)
  }

  async write<T>(work: (tx: WriteTransaction) => Promise<T>, stores: readonly StoreName[]): Promise<T> {
    return await finished(this.#database.transaction([...stores], 'readwrite'), work)
  }

  close(): void {
    this.#database.close()
  }
}

async function finished<T>(tx: IDBTransaction, work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
  // The end of the transaction is awaited from the start: it may fail before the work notices.
  const end = new Promise<'complete' | 'abort'>((resolve) => {
    tx.oncomplete = () => resolve('complete')
    tx.onabort = () => resolve('abort')
  })
  try {
    const result = await work(new IndexedDbTransaction(tx))
    if ((await end) === 'abort') throw new DOMException('the database ended the transaction', 'AbortError')
    return result
  } catch (error) {
    abort(tx)
    await end
    throw tx.error ?? error
  }
}

function abort(tx: IDBTransaction): void {
  try {
    tx.abort()
  } catch {
    // The transaction has ended already.
  }
}

class IndexedDbTransaction implements WriteTransaction {
  readonly #tx: IDBTransaction

  constructor(tx: IDBTransaction) {
    this.#tx = tx
  }

  get<T extends TableName>(table: T, key: string): Promise<Tables[T] | undefined> {
    return answer<Tables[T] | undefined>(this.#store(table).get(key))
  }

  async all<T extends TableName>(table: T): Promise<Tables[T][]> {
    const rows: Tables[T][] = []
    for (let key = ''; ;) {
      const read = await this.after(table, key, { count: ROWS_PER_READ })
      rows.push(...read)
      if (read.length < ROWS_PER_READ) return rows
      key = String(Reflect.get(read.at(-1)!, tableKeys[table]))
    }
  }

  after<T extends TableName>(
    table: T,
    key: string,
    { count, to }: { count?: number; to?: string },
  ): Promise<Tables[T][]> {
    if (to !== undefined && to <= key) return Promise.resolve([])
    const range = to === undefined ? IDBKeyRange.lowerBound(key, true) : IDBKeyRange.bound(key, to, true)
    return answer<Tables[T][]>(this.#store(table).getAll(range, count))
  }

  last<T extends IndexedTable>(table: T, count: number): Promise<Tables[T][]> {
    const rows: Tables[T][] = []
    const request = this.#store(table).index(tableIndexes[table]).openCursor(null, 'prev')
    return new Promise((resolve, reject) => {
      request.onerror = () => reject(request.error ?? new Error('the request failed'))
      request.onsuccess = () => {
        const cursor = request.result
        if (!cursor || rows.length >= count) return resolve(rows)
        rows.push(cursor.value as Tables[T])
        cursor.continue()
      }
    })
  }

  async yieldTask(): Promise<void> {
    const [name] = this.#tx.objectStoreNames
    await answer(this.#tx.objectStore(name!).getKey(''))
  }

  message(chatId: ChatId, seq: number): Promise<MessageRow | undefined> {
    return answer<MessageRow | undefined>(this.#store('messages').get([chatId, seq]))
  }

  async messages(chatId: ChatId, from: number, to: number): Promise<MessageRow[]> {
    return to < from ? [] : await answer<MessageRow[]>(this.#store('messages').getAll(between(chatId, from, to)))
  }

  // A write that fails makes its transaction fail, and `finished` reports that.
  put<T extends TableName>(table: T, row: Tables[T]): void {
    this.#store(table).put(row)
  }

  delete(table: TableName, key: string): void {
    this.#store(table).delete(key)
  }

  putMessage(row: MessageRow): void {
    this.#store('messages').put(row)
  }

  deleteMessages(chatId: ChatId, from: number, to: number): void {
    if (to >= from) this.#store('messages').delete(between(chatId, from, to))
  }

  /** The error of the database itself would look as if its disk had failed. */
  #store(name: StoreName): IDBObjectStore {
    if (!this.#tx.objectStoreNames.contains(name)) throw new Error(`the transaction does not name ${name}`)
    return this.#tx.objectStore(name)
  }
}

function answer<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T)
    request.onerror = () => reject(request.error ?? new Error('the request failed'))
  })
}

function between(chatId: ChatId, from: number, to: number): IDBKeyRange {
  return IDBKeyRange.bound([chatId, from], [chatId, to])
}
