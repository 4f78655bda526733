import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { newId, type ChatId, type UserId } from '@veche/shared/ids'
import { afterEach, expect, test, vi } from 'vitest'
import type { StorageTrouble } from './refuge.ts'
import { Store } from './Store.ts'

const userId = newId<UserId>()
const chatId = newId<ChatId>()
const draft = { chatId, body: 'a draft', at: 0 }

afterEach(() => vi.restoreAllMocks())

function write(store: Store, body: string) {
  return store.merge(async (merge) => merge.tx.put('drafts', { ...draft, body }))
}

async function body(store: Store): Promise<string | undefined> {
  return (await store.read((tx) => tx.get('drafts', chatId)))?.body
}

test('what is kept is found by the next start, and by nobody else', async () => {
  const factory = new IDBFactory()
  const store = await Store.open({ userId, factory })
  await write(store, 'kept')
  store.close()
  expect(await body(await Store.open({ userId, factory }))).toBe('kept')
  expect(await body(await Store.open({ userId: newId<UserId>(), factory }))).toBeUndefined()
})

test('a browser that keeps nothing is worked with in memory, and it is said', async () => {
  const none = await Store.open({ userId })
  const refusing = new IDBFactory()
  vi.spyOn(refusing, 'open').mockImplementation(() => {
    throw new DOMException('not in private windows', 'SecurityError')
  })
  const refused = await Store.open({ userId, factory: refusing })
  for (const store of [none, refused]) {
    await write(store, 'in memory')
    expect([await body(store), store.trouble]).toEqual(['in memory', 'unavailable'])
  }
})

test('a full disk moves what is held into memory, finishes the work there, and it is said', async () => {
  const store = await Store.open({ userId, factory: new IDBFactory() })
  const said: StorageTrouble[] = []
  store.on('trouble', (why) => said.push(why))
  await store.merge(async (merge) => merge.tx.put('drafts', { chatId: newId<ChatId>(), body: 'before', at: 0 }))
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('no room', 'QuotaExceededError')
  })
  await write(store, 'after')
  expect(await body(store)).toBe('after')
  expect((await store.read((tx) => tx.all('drafts'))).map((row) => row.body).sort()).toEqual(['after', 'before'])
  expect(said).toEqual(['full'])
})

test('a newer release in another tab gets the database at once, and this tab goes on in memory', async () => {
  const factory = new IDBFactory()
  const store = await Store.open({ userId, factory })
  await write(store, 'kept')
  const newer = factory.open(store.name, 99)
  await new Promise((resolve) => (newer.onsuccess = resolve))
  await write(store, 'in memory')
  expect([await body(store), store.trouble]).toEqual(['in memory', 'superseded'])
  newer.result.close()
})

test('a transaction that fails leaves nothing behind, in the database and in memory alike', async () => {
  for (const factory of [new IDBFactory(), undefined]) {
    const store = await Store.open({ userId, factory })
    await write(store, 'before')
    const broken = store.merge(async (merge) => {
      merge.tx.put('drafts', { ...draft, body: 'half' })
      await merge.tx.get('drafts', chatId)
      throw new Error('in the middle')
    })
    await expect(broken).rejects.toThrow('in the middle')
    expect(await body(store)).toBe('before')
  }
})
