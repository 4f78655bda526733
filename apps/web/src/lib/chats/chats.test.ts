import { expect, test } from 'vitest'
import type { Api } from '#lib/api/client.ts'
import type { Live } from '#lib/live/live.svelte.ts'
import type { Store } from '#lib/store/Store.ts'
import { newEngineTest } from '../test/engine-test.ts'
import { chatStores } from './chat.ts'
import { Chats } from './chats.svelte.ts'

/** What is kept of the chats is read from the store alone. */
const newChats = () => new Chats({} as Live, {} as Api)

/** The next read of the list fails, as when the browser closes the database. */
function failNextReadOfList(store: Store): void {
  const read = store.read.bind(store)
  store.read = ((work, stores) => {
    const names: readonly string[] | undefined = stores
    if (names !== chatStores) return read(work, stores)
    store.read = read
    return Promise.reject(new Error('the database is closed'))
  }) as Store['read']
}

test('the list of chats follows the store', async () => {
  const { environment, server, friend, chat, openTab } = newEngineTest()
  const { store } = await openTab()
  const chats = newChats()
  await chats.start(store)
  server.send(chat, friend, 'text')
  await environment.quiet()
  expect(chats.get(chat)?.unread).toBe(1)
})

test('after a read of the list has failed, the next change shows what both have changed', async () => {
  const { environment, server, me, friend, chat, openTab } = newEngineTest()
  const other = server.newChat([friend, me])
  const { store } = await openTab()
  const chats = newChats()
  await chats.start(store)
  failNextReadOfList(store)
  server.send(chat, friend, 'not shown yet')
  await environment.quiet()
  expect(chats.get(chat)?.unread).toBe(0)
  server.send(other, friend, 'shown with the other')
  await environment.quiet()
  expect([chat, other].map((id) => chats.get(id)?.unread)).toEqual([1, 1])
})
