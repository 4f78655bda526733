import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import type { ChatId } from '@veche/shared/ids'
import { beforeEach, expect, test } from 'vitest'
import { newEngineTest } from '../test/engine-test.ts'
import { newBroadcastChannels } from '../test/TestEnvironment.ts'
import { mergeRows } from './merge/rows.ts'

let { environment, server, friend, chat, openTab } = newEngineTest()
beforeEach(() => void ({ environment, server, friend, chat, openTab } = newEngineTest()))

test('a tab tells the other tabs which chats to read again', async () => {
  const parts = { indexedDB: new IDBFactory(), channel: newBroadcastChannels() }
  const [one, two] = [await openTab({ environment: parts }), await openTab({ environment: parts })]
  const changedChats: ChatId[] = []
  two.store.on('changed', (changes, origin) => {
    if (origin === 'elsewhere') changedChats.push(...changes.chats)
  })
  await one.store.merge(async (merge) => {
    merge.tx.put('drafts', { chatId: chat, body: 'a draft', at: 0 })
    merge.changes.chats.add(chat)
  })
  await environment.quiet()
  expect(changedChats).toEqual([chat])
  expect((await two.store.read((tx) => tx.get('drafts', chat)))?.body).toBe('a draft')
})

test('a read does not wait for a write of object stores that it does not need', async () => {
  const { store } = await openTab({ environment: { indexedDB: new IDBFactory() } })
  let isRead = false
  const writing = store.merge(
    async ({ tx }) => {
      while (!isRead) await tx.messages(chat, 1, 1)
    },
    ['messages'],
  )
  await store.read((tx) => tx.get('drafts', chat), ['drafts'])
  isRead = true
  await writing
})

test('a frame is merged without waiting for a long read of what it does not need', async () => {
  const { store } = await openTab({ environment: { indexedDB: new IDBFactory() } })
  let isRead = false
  const reading = store.read(
    async (tx) => {
      while (!isRead) await tx.get('settings', 'nobody')
    },
    ['settings', 'sessions', 'drafts', 'visits', 'listProgress', 'mySeats'],
  )
  let isMerged = false
  store.on('changed', () => (isMerged = true))
  server.send(chat, friend, 'at once')
  await environment.quiet()
  isRead = true
  expect(isMerged).toBe(true)
  await reading
})

test('a transaction cannot use an object store that it does not name, in the database and in memory', async () => {
  for (const indexedDB of [new IDBFactory(), undefined]) {
    const { store } = await openTab({ environment: { indexedDB } })
    const write = store.merge(async ({ tx }) => tx.put('drafts', { chatId: chat, body: '', at: 0 }), ['outbox'])
    await expect(write).rejects.toThrow('does not name drafts')
    expect(store.fallbackReason).toBe(indexedDB ? null : 'unavailable')
  }
})

test('a row with an older revision does not replace the one that is held', async () => {
  const sent = server.send(chat, friend, 'as it is now')
  const { store } = await openTab()
  const held = () => store.read((tx) => tx.message(chat, sent.seq))
  expect(await held()).toMatchObject({ body: 'as it is now', rev: sent.rev })
  const older = { ...sent, body: 'as it was', rev: sent.rev - 1 }
  await store.merge((merge) => mergeRows(merge, { messages: [older] }, 'answer'))
  expect(await held()).toMatchObject({ body: 'as it is now', rev: sent.rev })
  const newer = { ...sent, body: 'as it is later', rev: sent.rev + 1 }
  await store.merge((merge) => mergeRows(merge, { messages: [newer] }, 'answer'))
  expect(await held()).toMatchObject({ body: 'as it is later', rev: sent.rev + 1 })
})
