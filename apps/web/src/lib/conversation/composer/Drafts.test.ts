import { type ChatId, type UserId } from '@veche/shared/ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeServer } from '#lib/test/FakeServer.ts'
import { TestTab } from '#lib/test/TestTab.ts'
import { FakeNetwork } from '#lib/test/FakeNetwork.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { Drafts } from './Drafts.ts'

let environment: TestEnvironment
let server: FakeServer
let me: UserId
let friend: UserId
let chat: ChatId
let tab: TestTab
let drafts: Drafts

beforeEach(async () => {
  environment = new TestEnvironment()
  server = new FakeServer()
  me = server.newPerson('Me')
  friend = server.newPerson('Friend')
  chat = server.newChat([friend, me])
  tab = await TestTab.open(environment, new FakeNetwork(server), me)
  await environment.until('it is online', () => tab.live.status === 'online')
  drafts = new Drafts(tab.live, chat)
})

afterEach(() => tab.kill())

test('a draft is stored a moment after the last letter and is found when the chat is opened again', async () => {
  drafts.write('a')
  drafts.write('a d')
  await environment.pass(300)
  expect(await drafts.read()).toBe('')
  drafts.write('a draft')
  await environment.pass(500)
  expect(await new Drafts(tab.live, chat).read()).toBe('a draft')
})

test('a draft is stored at once when the conversation is closed', async () => {
  drafts.write('left in a hurry')
  await drafts.close()
  expect(await drafts.read()).toBe('left in a hurry')
})

test('a draft of white space only is deleted', async () => {
  drafts.write('something')
  await drafts.store()
  drafts.write('  \n')
  await drafts.store()
  expect(await drafts.read()).toBe('')
})

test('a draft is deleted when its message is sent and does not come back', async () => {
  drafts.write('to be sent')
  await drafts.store()
  drafts.write('to be sent!')
  drafts.forget()
  await tab.live.outbox.addMessage(chat, 'to be sent!')
  await environment.pass(1_000)
  expect(await drafts.read()).toBe('')
})

test('a removed member keeps no draft, not even one that was being written', async () => {
  drafts.write('secret')
  server.removeMember(chat, me)
  await environment.quiet()
  await drafts.store()
  expect(await tab.store.read((tx) => tx.all('drafts'))).toEqual([])
})
