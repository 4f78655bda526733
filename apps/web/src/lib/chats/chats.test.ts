import type { ChatId } from '@veche/shared/ids'
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
  await environment.quiet()
  failNextReadOfList(store)
  server.send(chat, friend, 'not shown yet')
  await environment.quiet()
  expect(chats.get(chat)?.unread).toBe(0)
  server.send(other, friend, 'shown with the other')
  await environment.quiet()
  expect([chat, other].map((id) => chats.get(id)?.unread)).toEqual([1, 1])
})

test('a start shows the newest, the pinned and the unsent chats before it has read the others', async () => {
  const { environment, server, me, friend, openTab } = newEngineTest()
  const ids = Array.from({ length: 90 }, () => server.newChat([friend, me]))
  const [pinned, unsent, ...others] = ids as [ChatId, ChatId, ...ChatId[]]
  for (const id of others) server.send(id, friend, 'text')
  server.setMine(pinned, me, { pinned: true })
  const { store, live } = await openTab()
  environment.setOnline(false)
  await live.outbox.addMessage(unsent, 'waits')
  const chats = newChats()
  await chats.start(store)
  expect([chats.loaded, chats.isComplete, chats.unread]).toEqual([true, false, 0])
  expect(chats.list.length).toBeLessThan(70)
  const first = chats.list.slice(0, 20).map(({ id }) => id)
  expect(first.slice(0, 3)).toEqual([pinned, unsent, others.at(-1)])
  await environment.quiet()
  expect([chats.isComplete, chats.list.length]).toEqual([true, 91])
  expect(chats.list.slice(0, 20).map(({ id }) => id)).toEqual(first)
  expect(chats.unread).toBeGreaterThanOrEqual(88)
})

test('a chat that changes while all are read at the start is shown as it is afterwards', async () => {
  const { environment, server, me, friend, chat, openTab } = newEngineTest()
  for (let n = 0; n < 90; n += 1) server.send(server.newChat([friend, me]), friend, 'text')
  const { store } = await openTab()
  const chats = newChats()
  await chats.start(store)
  server.send(chat, friend, 'newest')
  await environment.quiet()
  expect([chats.isComplete, chats.list[0]?.id, chats.get(chat)?.unread]).toEqual([true, chat, 1])
})

test('a chat that the user left is told from one that somebody else removed them from', async () => {
  const { environment, server, me, friend, chat, openTab } = newEngineTest()
  const other = server.newChat([friend, me])
  const { store } = await openTab()
  const chats = newChats()
  await chats.start(store)
  await environment.quiet()
  expect([chat, other].map((id) => chats.hasLeft(id))).toEqual([false, false])
  server.leave(chat, me)
  server.removeMember(other, me)
  await environment.quiet()
  expect([chat, other].map((id) => chats.get(id))).toEqual([undefined, undefined])
  expect([chat, other].map((id) => chats.hasLeft(id))).toEqual([true, false])
})

test('the chat of the page that is open is read before those above it in the list', async () => {
  const { server, me, friend, openTab } = newEngineTest()
  const [old, ...others] = Array.from({ length: 90 }, () => server.newChat([friend, me])) as [ChatId, ...ChatId[]]
  for (const id of others) server.send(id, friend, 'text')
  const { store } = await openTab()
  const read = store.read.bind(store)
  let reads = 0
  // The first screen and the chat are read; the rest is still on its way.
  store.read = ((...given: Parameters<Store['read']>) => {
    return ++reads > 2 ? new Promise<never>(() => undefined) : read(...given)
  }) as Store['read']
  const chats = newChats()
  chats.want(old)
  await chats.start(store)
  await expect.poll(() => chats.get(old)?.id).toBe(old)
  expect(chats.isComplete).toBe(false)
})
