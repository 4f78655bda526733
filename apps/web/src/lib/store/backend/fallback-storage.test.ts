import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { newId, type ChatId, type UserId } from '@veche/shared/ids'
import { afterEach, expect, test, vi } from 'vitest'
import type { FallbackReason } from './fallback-storage.ts'
import { Store } from '../Store.ts'

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

test('rows are found by the next start of the same person, and by no other person', async () => {
  const factory = new IDBFactory()
  const store = await Store.open({ userId, factory })
  await write(store, 'kept')
  store.close()
  expect(await body(await Store.open({ userId, factory }))).toBe('kept')
  expect(await body(await Store.open({ userId: newId<UserId>(), factory }))).toBeUndefined()
})

test('in a browser without a database rows are kept in memory, and the reason is told', async () => {
  const none = await Store.open({ userId })
  const refusing = new IDBFactory()
  vi.spyOn(refusing, 'open').mockImplementation(() => {
    throw new DOMException('not in private windows', 'SecurityError')
  })
  const refused = await Store.open({ userId, factory: refusing })
  for (const store of [none, refused]) {
    await write(store, 'in memory')
    expect([await body(store), store.fallbackReason]).toEqual(['in memory', 'unavailable'])
  }
})

test('when the disk is full the rows move into memory, the transaction ends there, and the reason is told', async () => {
  const store = await Store.open({ userId, factory: new IDBFactory() })
  const reasons: (FallbackReason | null)[] = []
  store.on('fallback', (reason) => reasons.push(reason))
  await store.merge(async (merge) => merge.tx.put('drafts', { chatId: newId<ChatId>(), body: 'before', at: 0 }))
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('no room', 'QuotaExceededError')
  })
  await write(store, 'after')
  expect(await body(store)).toBe('after')
  expect((await store.read((tx) => tx.all('drafts'))).map((row) => row.body).sort()).toEqual(['after', 'before'])
  expect(reasons).toEqual(['full'])
})

test('a newer release in another tab gets the database at once, and this tab goes on in memory', async () => {
  const factory = new IDBFactory()
  const store = await Store.open({ userId, factory })
  await write(store, 'kept')
  const newer = factory.open(store.name, 99)
  await new Promise((resolve) => (newer.onsuccess = resolve))
  await write(store, 'in memory')
  expect([await body(store), store.fallbackReason]).toEqual(['in memory', 'superseded'])
  newer.result.close()
})

test('a failed transaction leaves nothing behind, neither in the database nor in memory', async () => {
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
