import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import type { ChatId } from '@veche/shared/ids'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Drafts } from '#lib/conversation/composer/Drafts.ts'
import { newEngineTest } from '../../test/engine-test.ts'
import type { TestTab } from '../../test/TestTab.ts'
import { byOrder, isMessage } from '../commands.ts'

let { environment, server, friend, chat, openTab, expectEqual, textsOnServer } = newEngineTest()
/** The databases of the browser. */
let disk = new IDBFactory()
let opens = true
const factory = new Proxy({} as IDBFactory, {
  get: (_, name) => {
    if (name === 'open' && !opens) throw new DOMException('no server', 'UnknownError')
    const value: unknown = Reflect.get(disk, name)
    return typeof value === 'function' ? value.bind(disk) : value
  },
})

beforeEach(() => {
  ;({ environment, server, friend, chat, openTab, expectEqual, textsOnServer } = newEngineTest())
  disk = new IDBFactory()
  opens = true
})
afterEach(() => void vi.restoreAllMocks())

const open = () => openTab({ environment: { indexedDB: factory } })

/** Safari closes the connection: every transaction fails from now on. */
function closeConnection(): void {
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(() => {
    throw new DOMException('the connection is closing', 'InvalidStateError')
  })
}

/** The database does not open until `openAgain`, so rows are kept in memory. */
async function lose(tab: TestTab): Promise<void> {
  opens = false
  closeConnection()
  await tab.store.read((tx) => tx.all('listProgress'), ['listProgress'])
  expect(tab.store.fallbackReason).toBe('lost')
  await environment.until('it is online', () => tab.live.status === 'online' || !environment.online)
}

async function openAgain(tab: TestTab): Promise<void> {
  opens = true
  await environment.until('the database is open again', () => tab.store.fallbackReason === null)
  await environment.quiet()
}

const bodies = async (tab: TestTab, id: ChatId = chat) =>
  (await tab.store.read((tx) => tx.all('outbox'), ['outbox']))
    .sort(byOrder)
    .filter(isMessage)
    .flatMap(({ chatId, input }) => (chatId === id ? input.body : []))

test('a connection that the browser has closed is opened anew, and nothing is missing', async () => {
  const tab = await open()
  environment.setOnline(false)
  await tab.live.outbox.addMessage(chat, 'unsent')
  closeConnection()
  expect(await bodies(tab)).toEqual(['unsent'])
  closeConnection()
  await tab.live.outbox.addMessage(chat, 'another')
  expect([await bodies(tab), tab.store.fallbackReason]).toEqual([['unsent', 'another'], null])
})

test('what memory kept is merged back when the database opens again: unsent messages, drafts, read marks and rows', async () => {
  const tab = await open()
  await lose(tab)
  const met = server.newChat([friend, tab.store.userId], 'direct')
  server.send(met, friend, 'hello')
  server.send(chat, friend, 'hello')
  await environment.quiet()
  environment.setOnline(false)
  await tab.live.outbox.addMessage(chat, 'written in memory')
  const drafts = new Drafts(tab.live, met)
  drafts.write('a draft')
  await drafts.store()
  await tab.live.readPositions.markRead(chat, 2)
  await openAgain(tab)
  tab.kill()

  const next = await open()
  expect([await bodies(next), await new Drafts(next.live, met).read()]).toEqual([['written in memory'], 'a draft'])
  expect((await next.chat(chat))?.unread).toBe(0)
  expect(await next.bodies(met)).toEqual(['hello'])
  environment.setOnline(true)
  await environment.until('it is sent', () => textsOnServer(chat).includes('written in memory'))
  await next.live.caughtUp()
  await expectEqual(next)
})

test('a message that was sent from memory is not in the outbox when the database opens again', async () => {
  const tab = await open()
  environment.setOnline(false)
  await tab.live.outbox.addMessage(chat, 'once')
  await lose(tab)
  expect(await bodies(tab)).toEqual(['once'])
  environment.setOnline(true)
  await environment.until('it is sent', () => textsOnServer(chat).includes('once'))
  await environment.quiet()
  await openAgain(tab)
  await tab.live.caughtUp()
  expect([await bodies(tab), textsOnServer(chat)]).toEqual([[], ['once']])
  await expectEqual(tab)
})

test('a database that the browser has emptied gets the unsent messages again, and the rest from the server', async () => {
  const tab = await open()
  server.send(chat, friend, 'hello')
  await environment.quiet()
  environment.setOnline(false)
  await tab.live.outbox.addMessage(chat, 'unsent')
  disk = new IDBFactory()
  closeConnection()
  expect(await bodies(tab)).toEqual(['unsent'])
  environment.setOnline(true)
  await environment.until('it is sent', () => textsOnServer(chat).includes('unsent'))
  await environment.until('it is online', () => tab.live.status === 'online')
  await expectEqual(tab)
})

test('a change of my own that memory kept is merged back with the unsent messages, and the page closes without a question because of it', async () => {
  const tab = await open()
  await lose(tab)
  environment.setOnline(false)
  await tab.live.outbox.add({ kind: 'chats.setMine', chatId: chat, input: { chatId: chat, pinned: true } })
  expect(tab.store.wouldLoseMessages).toBe(false)
  await openAgain(tab)
  environment.setOnline(true)
  await environment.until('it is done', () => server.membershipsOf(tab.store.userId)[0]?.pinnedAt != null)
  await tab.live.caughtUp()
  await expectEqual(tab)
})

test('messages would be lost with the page while they are unsent and in memory, and only then', async () => {
  const tab = await open()
  environment.setOnline(false)
  await tab.live.outbox.addMessage(chat, 'unsent')
  expect(tab.store.wouldLoseMessages).toBe(false)
  await lose(tab)
  expect(tab.store.wouldLoseMessages).toBe(true)
  await openAgain(tab)
  expect(tab.store.wouldLoseMessages).toBe(false)
})
