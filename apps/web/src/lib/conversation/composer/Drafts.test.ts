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

test('a draft is kept a moment after the last letter, and found by whoever opens the chat next', async () => {
  drafts.write('a')
  drafts.write('a d')
  await world.pass(300)
  expect(await drafts.read()).toBe('')
  drafts.write('a draft')
  await world.pass(500)
  expect(await new Drafts(tab.live, chat).read()).toBe('a draft')
})

test('a draft is kept at once when the conversation is left', async () => {
  drafts.write('left in a hurry')
  await drafts.close()
  expect(await drafts.read()).toBe('left in a hurry')
})

test('a draft of nothing but space is no draft', async () => {
  drafts.write('something')
  await drafts.keep()
  drafts.write('  \n')
  await drafts.keep()
  expect(await drafts.read()).toBe('')
})

test('a draft goes with the message that was made of it, and does not come back', async () => {
  drafts.write('to be sent')
  await drafts.keep()
  drafts.write('to be sent!')
  drafts.forget()
  await tab.live.outbox.add(chat, 'to be sent!')
  await world.pass(1_000)
  expect(await drafts.read()).toBe('')
})

test('who is removed keeps no draft, not even one that was just being written', async () => {
  drafts.write('secret')
  model.removeMember(chat, me)
  await world.quiet()
  await drafts.keep()
  expect(await tab.store.read((tx) => tx.all('drafts'))).toEqual([])
})
