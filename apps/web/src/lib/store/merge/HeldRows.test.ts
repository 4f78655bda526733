import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import type { ChatsPage } from '@veche/shared/live'
import { afterEach, expect, test, vi } from 'vitest'
import { FakeServer } from '../../test/FakeServer.ts'
import { Store } from '../Store.ts'
import { HeldRows } from './HeldRows.ts'
import { storesOfChatsPage } from './needed-stores.ts'
import { applyChatsPage } from './scope-answers.ts'

afterEach(() => void vi.restoreAllMocks())

function newPage(chats: number): { store: Promise<Store>; page: ChatsPage } {
  const server = new FakeServer()
  const [me, friend] = [server.newPerson('Me'), server.newPerson('Friend')]
  for (let n = 0; n < chats; n += 1) server.send(server.newChat([friend, me]), friend, 'text')
  return { store: Store.open({ userId: me, factory: new IDBFactory() }), page: server.chatsPage(me, null, chats) }
}

test('a page of the list reads the database a few times, however many chats it brings', async () => {
  const { store, page } = newPage(100)
  const opened = await store
  const reads = [vi.spyOn(IDBObjectStore.prototype, 'get'), vi.spyOn(IDBObjectStore.prototype, 'getAll')]
  await opened.merge((merge) => applyChatsPage(merge, page), storesOfChatsPage(page))
  expect(reads.reduce((sum, { mock }) => sum + mock.calls.length, 0)).toBeLessThan(10)
  expect(await opened.read((tx) => tx.all('chats'))).toHaveLength(100)
  opened.close()
})

test('a long merge leaves the main thread free again and again, and is one transaction all the same', async () => {
  const { store, page } = newPage(100)
  const opened = await store
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1))
  const yields = vi.spyOn(IDBObjectStore.prototype, 'getKey')
  const transactions = vi.spyOn(IDBDatabase.prototype, 'transaction')
  await opened.merge((merge) => applyChatsPage(merge, page), storesOfChatsPage(page))
  expect(yields.mock.calls.length).toBeGreaterThan(20)
  expect(transactions).toHaveBeenCalledTimes(1)
  opened.close()
})

test('a merge reads what it has written itself, and nothing that it has deleted', async () => {
  const { store, page } = newPage(1)
  const opened = await store
  await opened.merge((merge) => applyChatsPage(merge, page), storesOfChatsPage(page))
  const [message] = page.chats[0]!.rows.messages!
  const { chatId, seq } = message!
  await opened.merge(async ({ tx }) => {
    expect(tx).toBeInstanceOf(HeldRows)
    expect((await tx.message(chatId, seq))?.body).toBe('text')
    tx.putMessage({ ...message!, body: 'another' })
    expect((await tx.message(chatId, seq))?.body).toBe('another')
    tx.deleteMessages(chatId, 0, seq)
    expect(await tx.message(chatId, seq)).toBeUndefined()
    tx.put('drafts', { chatId, body: 'typed', at: 0 })
    expect((await tx.get('drafts', chatId))?.body).toBe('typed')
    tx.delete('drafts', chatId)
    expect(await tx.get('drafts', chatId)).toBeUndefined()
  })
  opened.close()
})
