import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { newId, type ChatId, type ClientId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { byOrder } from '../commands.ts'
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
  4: [...tablesBefore, 'mySeats', 'visits'],
  5: [...tablesBefore, 'mySeats', 'visits'],
  6: [...tablesBefore.filter((table) => table !== 'marks'), 'listProgress', 'mySeats', 'visits'],
}
const keysBefore: Record<string, string> = { outbox: 'clientId', marks: 'name', scopes: 'id' }

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

test.each([1, 2, 3, 4])('messages that version %i left unsent are commands of this version', async (version) => {
  const factory = new IDBFactory()
  const ids = [newId<ClientId>(), newId<ClientId>()] as const
  const chatId = newId<ChatId>()
  const old = { chatId, composedAt: '2026-11-20T10:00:00.000Z' }
  const unsent = [
    { ...old, clientId: ids[0], body: 'first', order: 1, refusal: 'chat.forbidden' },
    { ...old, clientId: ids[1], body: 'second', order: 2, refusal: null },
  ]
  await make(factory, version, { outbox: unsent })
  for (const attempt of ['upgraded', 'opened again']) {
    const backend = await openIndexedDb({ name: 'old', factory, onLost: () => undefined })
    const command = { ...old, kind: 'messages.send' }
    const held = await backend.read((tx) => tx.all('outbox'), ['outbox'])
    expect(held.sort(byOrder), attempt).toEqual([
      { ...command, id: ids[0], input: { chatId, body: 'first' }, order: 1, refusal: 'chat.forbidden' },
      { ...command, id: ids[1], input: { chatId, body: 'second' }, order: 2, refusal: null },
    ])
    backend.close()
  }
})

test.each([3, 4, 5])('how far the list of chats had come in version %i is known in this version', async (version) => {
  const factory = new IDBFactory()
  const row = { name: 'chats.listed', done: false, cursor: 'c7' }
  await make(factory, version, { marks: [row] })
  for (const attempt of ['upgraded', 'opened again']) {
    const backend = await openIndexedDb({ name: 'old', factory, onLost: () => undefined })
    const held = await backend.read((tx) => tx.all('listProgress'), ['listProgress'])
    expect(held, attempt).toEqual([row])
    backend.close()
  }
  expect(await storesOf(factory)).toEqual([...storeNames].sort())
})

test('the newest chats of a database of version 6 are found as in one of this version', async () => {
  const factory = new IDBFactory()
  const rows = ['2026-11-20', '2026-11-22', '2026-11-21'].map((topAt) => ({ id: newId<ChatId>(), kind: 'chat', topAt }))
  await make(factory, 6, { scopes: rows })
  const backend = await openIndexedDb({ name: 'old', factory, onLost: () => undefined })
  const held = await backend.read((tx) => tx.last('scopes', 2), ['scopes'])
  expect(held).toEqual([rows[1], rows[2]])
  backend.close()
})

function make(factory: IDBFactory, version: number, rows: Record<string, object[]> = {}): Promise<void> {
  const request = factory.open('old', version)
  return new Promise((resolve) => {
    request.onupgradeneeded = () => {
      for (const table of made[version] ?? []) {
        const store = request.result.createObjectStore(table, { keyPath: keysBefore[table] ?? null })
        for (const row of rows[table] ?? []) store.put(row)
      }
    }
    request.onsuccess = () => {
      request.result.close()
      resolve()
    }
  })
}

/** The object stores of the database as it is now. */
function storesOf(factory: IDBFactory): Promise<string[]> {
  const request = factory.open('old')
  return new Promise((resolve) => {
    request.onsuccess = () => {
      resolve([...request.result.objectStoreNames])
      request.result.close()
    }
  })
}
