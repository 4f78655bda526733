import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { expect, test } from 'vitest'
import { openIndexedDb } from './indexed-db.ts'
import { storeNames, tableNames } from '../tables.ts'

/** The tables of earlier versions, which browsers may still have. */
const tablesBefore = [
  'chats',
  'drafts',
  'marks',
  'memberships',
  'messages',
  'outbox',
  'people',
  'scopes',
  'sessions',
  'settings',
]
const made: Record<number, string[]> = {
  1: tablesBefore,
  2: [...tablesBefore, 'mySeats'],
  3: [...tablesBefore, 'mySeats'],
}

test.each(Object.keys(made).map(Number))(
  'a database of version %i gets every table of this version',
  async (version) => {
    const factory = new IDBFactory()
    await make(factory, version)
    const backend = await openIndexedDb({ name: 'old', factory, onLost: () => undefined })
    const held = await backend.read((tx) => Promise.all(tableNames.map((table) => tx.all(table))), storeNames)
    expect(held.flat()).toEqual([])
    backend.close()
  },
)

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
