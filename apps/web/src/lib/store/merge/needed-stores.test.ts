import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newEngineTest } from '../../test/engine-test.ts'
import { storeNames } from '../tables.ts'

let { environment, server, network, friend, me, chat, openTab } = newEngineTest()
let written: string[][]

beforeEach(() => {
  ;({ environment, server, network, friend, me, chat, openTab } = newEngineTest())
  written = []
  const open = IDBDatabase.prototype.transaction
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
    this: IDBDatabase,
    stores,
    mode,
    options,
  ) {
    if (mode === 'readwrite') written.push((typeof stores === 'string' ? [stores] : [...stores]).sort())
    return open.call(this, stores, mode, options)
  })
})
afterEach(() => void vi.restoreAllMocks())

const ofChat = ['chats', 'memberships', 'messages', 'outbox', 'people', 'scopes']

test('the first sync opens for each answer only the object stores that its rows need', async () => {
  server.send(chat, friend, 'waiting')
  await openTab({ environment: { indexedDB: new IDBFactory() } })
  expect(written).toContainEqual([...ofChat, 'listProgress'].sort())
  expect(Math.max(...written.map((stores) => stores.length))).toBeLessThan(storeNames.length)
  for (const stores of written) expect(stores).not.toEqual(expect.arrayContaining(['listProgress', 'drafts']))
})

test('an answer of sync.state without changes opens only the object store of scopes', async () => {
  await openTab({ environment: { indexedDB: new IDBFactory() } })
  written = []
  network.hello()
  await environment.quiet()
  expect(written).toEqual([['scopes']])
})

test('a state with a new message, and the scope of a chat, open what a message needs', async () => {
  const { live } = await openTab({ environment: { indexedDB: new IDBFactory() } })
  server.onChange = () => undefined
  written = []
  server.send(chat, friend, 'in the state')
  network.hello()
  await environment.quiet()
  server.send(chat, friend, 'in the scope')
  live.rowReceiver.requestScope(chat)
  await environment.quiet()
  expect(written).toEqual([ofChat, ofChat])
})

test('the answer about a chat that I was removed from opens the object stores of all that is dropped', async () => {
  await openTab({ environment: { indexedDB: new IDBFactory() } })
  network.cut()
  server.removeMember(chat, me)
  written = []
  await environment.until('it is merged', () => written.some((stores) => stores.includes('drafts')))
  expect(written.flat()).not.toContain('settings')
})
