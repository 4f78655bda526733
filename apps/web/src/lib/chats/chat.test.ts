import { type ChatId, type UserId } from '@veche/shared/ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeServer } from '../test/FakeServer.ts'
import { TestTab } from '../test/TestTab.ts'
import { FakeNetwork } from '../test/FakeNetwork.ts'
import { TestEnvironment } from '../test/TestEnvironment.ts'
import { compareChats, readChat, readChatsAfter, type Chat } from './chat.ts'

let environment: TestEnvironment
let server: FakeServer
let me: UserId
let friend: UserId
let tab: TestTab

beforeEach(async () => {
  environment = new TestEnvironment()
  server = new FakeServer()
  me = server.newPerson('Me')
  friend = server.newPerson('Friend')
  tab = await TestTab.open(environment, new FakeNetwork(server), me)
  await environment.until('it is online', () => tab.live.status === 'online')
})

afterEach(() => tab.kill())

async function chats(): Promise<Chat[]> {
  await environment.quiet()
  return (await tab.store.read((tx) => readChatsAfter(tx, me, ''))).chats.sort(compareChats)
}

async function chat(id: ChatId): Promise<Chat> {
  await environment.quiet()
  const found = await tab.store.read((tx) => readChat(tx, me, id))
  if (!found) throw new Error('the chat is not held')
  return found
}

test('the chat with the newest message stands on top of the list', async () => {
  const [first, second] = [server.newChat([friend, me]), server.newChat([friend, me])]
  expect((await chats()).map(({ id }) => id)).toEqual([second, first])
  server.send(first, friend, 'text')
  expect((await chats()).map(({ id }) => id)).toEqual([first, second])
  environment.setOnline(false)
  await environment.pass(60_000)
  await tab.live.outbox.addMessage(second, 'waits')
  expect((await chats()).map(({ id }) => id)).toEqual([second, first])
})

test('pinned chats stand above all others, the last pinned first', async () => {
  const [one, two, three] = [1, 2, 3].map(() => server.newChat([friend, me])) as [ChatId, ChatId, ChatId]
  server.setMine(one, me, { pinned: true })
  server.setMine(two, me, { pinned: true })
  expect((await chats()).map(({ id }) => id)).toEqual([two, one, three])
})

test('a direct chat is listed only when something was written in it', async () => {
  const direct = server.newChat([friend, me], 'direct')
  expect((await chat(direct)).listed).toBe(false)
  await tab.store.merge(async (merge) => merge.tx.put('drafts', { chatId: direct, body: 'a draft', at: 0 }))
  expect((await chat(direct)).listed).toBe(true)
})

test('the chat of a meeting is listed only when a text was written in it: the card of the call does not count', async () => {
  const ofMeeting = server.newChat([friend, me], 'meeting')
  server.startMeeting(ofMeeting, friend)
  expect(await chat(ofMeeting)).toMatchObject({ listed: false, unread: 1, row: { title: 'A group' } })
  server.send(ofMeeting, friend, 'text')
  expect(await chat(ofMeeting)).toMatchObject({ listed: true, unread: 2 })
})

test('a direct chat has its last message, its unread number, the other person, and the message that is not sent yet', async () => {
  const direct = server.newChat([me, friend], 'direct')
  server.send(direct, friend, 'first')
  server.send(direct, friend, 'last')
  expect(await chat(direct)).toMatchObject({ other: friend, unread: 2, top: 2, pending: null, last: { body: 'last' } })
  environment.setOnline(false)
  await tab.live.outbox.addMessage(direct, 'one')
  await tab.live.outbox.addMessage(direct, 'two')
  await tab.live.readPositions.markRead(direct, 1)
  expect(await chat(direct)).toMatchObject({ unread: 1, readTo: 1, pending: { input: { body: 'two' } } })
})

test('reading all chats gives the same as reading each of them', async () => {
  const ids = [server.newChat([friend, me]), server.newChat([friend, me], 'direct')]
  for (const id of ids) server.send(id, friend, 'text')
  await tab.live.outbox.addMessage(ids[0] as ChatId, 'mine')
  const all = await chats()
  for (const each of all) expect(await chat(each.id)).toEqual(each)
  expect(all).toHaveLength(2)
})
