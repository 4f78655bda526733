import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import type { ChatId } from '@veche/shared/ids'
import { beforeEach, expect, test } from 'vitest'
import { newEngineTest } from '../test/engine-test.ts'
import { newBroadcastChannels } from '../test/TestEnvironment.ts'

let { environment, chat, openTab } = newEngineTest()
beforeEach(() => void ({ environment, chat, openTab } = newEngineTest()))

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
