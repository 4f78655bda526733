import { type ChatId, type UserId } from '@veche/shared/ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Model } from '#lib/test/model.ts'
import { Tab } from '#lib/test/tab.ts'
import { Wire } from '#lib/test/wire.ts'
import { TestWorld } from '#lib/test/world.ts'
import { Drafts } from './Drafts.ts'

let world: TestWorld
let model: Model
let me: UserId
let friend: UserId
let chat: ChatId
let tab: Tab
let drafts: Drafts

beforeEach(async () => {
  world = new TestWorld()
  model = new Model()
  me = model.newPerson('Me')
  friend = model.newPerson('Friend')
  chat = model.newChat([friend, me])
  tab = await Tab.open(world, new Wire(model), me)
  await world.until('it is online', () => tab.live.status === 'online')
  drafts = new Drafts(tab.live, chat)
})

afterEach(() => tab.kill())

test('a draft is stored a moment after the last letter and is found when the chat is opened again', async () => {
  drafts.write('a')
  drafts.write('a d')
  await world.pass(300)
  expect(await drafts.read()).toBe('')
  drafts.write('a draft')
  await world.pass(500)
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
  await tab.live.outbox.add(chat, 'to be sent!')
  await world.pass(1_000)
  expect(await drafts.read()).toBe('')
})

test('a removed member keeps no draft, not even one that was being written', async () => {
  drafts.write('secret')
  model.removeMember(chat, me)
  await world.quiet()
  await drafts.store()
  expect(await tab.store.read((tx) => tx.all('drafts'))).toEqual([])
})
