import type { ChatId, ClientId } from '@veche/shared/ids'
import type { Command } from '../commands.ts'
import { tableIndexes, tableKeys, tableNames } from '../tables.ts'

/** Makes the tables of a database, or changes those of an older version. */
export function upgradeDatabase({ result: database, transaction }: IDBOpenDBRequest, from: number): void {
  // Version 3 renamed fields of the scopes: everything synced is fetched again, drafts and the outbox stay.
  const kept = from < 3 ? ['drafts', 'outbox'] : [...database.objectStoreNames]
  for (const table of [...database.objectStoreNames]) if (!kept.includes(table)) database.deleteObjectStore(table)
  createMissingStores(database)
  if (!transaction) return
  createMissingIndexes(transaction)
  if (from > 0 && from < 5) upgradeOutbox(database, transaction)
  if (from >= 3 && from < 6) renameMarks(database, transaction)
}

function createMissingStores(database: IDBDatabase): void {
  const missing = tableNames.filter((table) => !database.objectStoreNames.contains(table))
  for (const table of missing) database.createObjectStore(table, { keyPath: tableKeys[table] })
  if (!database.objectStoreNames.contains('messages')) {
    database.createObjectStore('messages', { keyPath: ['chatId', 'seq'] })
  }
}

/** Since version 7. */
function createMissingIndexes(transaction: IDBTransaction): void {
  for (const [table, column] of Object.entries(tableIndexes)) {
    const store = transaction.objectStore(table)
    if (!store.indexNames.contains(column)) store.createIndex(column, column)
  }
}

/** Up to version 4 the outbox held messages only, under another key. Version 5 holds commands of several kinds. */
function upgradeOutbox(database: IDBDatabase, transaction: IDBTransaction): void {
  const read = transaction.objectStore('outbox').getAll()
  read.onsuccess = () => {
    database.deleteObjectStore('outbox')
    createMissingStores(database)
    for (const { clientId, chatId, body, ...kept } of read.result as UnsentMessage[]) {
      const command: Command = { ...kept, id: clientId, kind: 'messages.send', chatId, input: { chatId, body } }
      transaction.objectStore('outbox').put(command)
    }
  }
}

/** A row of the outbox up to version 4. */
type UnsentMessage = Pick<Command, 'order' | 'composedAt' | 'refusal'> & {
  clientId: ClientId
  chatId: ChatId
  body: string
}

/** Up to version 5 `listProgress` was called `marks`. */
function renameMarks(database: IDBDatabase, transaction: IDBTransaction): void {
  const read = transaction.objectStore('marks').getAll()
  read.onsuccess = () => {
    for (const row of read.result) transaction.objectStore('listProgress').put(row)
    database.deleteObjectStore('marks')
  }
}
