import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { expect, test } from 'vitest'
import { openIndexedDb } from './indexed-db.ts'
import { tableNames } from './tables.ts'

/** The databases that were made by earlier versions and are still out there. A new table makes a new version. */
const made: Record<number, string[]> = {
  1: ['chats', 'drafts', 'marks', 'memberships', 'messages', 'outbox', 'people', 'scopes', 'sessions', 'settings'],
}

test.each(Object.keys(made).map(Number))('a database of version %i gets every table of this one', async (version) => {
  const factory = new IDBFactory()
  await make(factory, version)
  const backend = await openIndexedDb({ name: 'old', factory, onLost: () => undefined })
  const held = await backend.read((tx) => Promise.all(tableNames.map((table) => tx.all(table))))
  expect(held.flat()).toEqual([])
  backend.close()
})

function make(factory: IDBFactory, version: number): Promise<void> {
  const request = factory.open('old', version)
  return new Promise((resolve) => {
    request.onupgradeneeded = () => {
      for (const table of made[version] ?? []) request.result.createObjectStore(table)
    }
    request.onsuccess = () => {
      request.result.close()
      resolve()
    }
  })
}
