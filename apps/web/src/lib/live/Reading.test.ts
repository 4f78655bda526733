import type { ChatId, UserId } from '@veche/shared/ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../api/error.ts'
import { Model } from '../test/model.ts'
import { Tab } from '../test/tab.ts'
import { Wire } from '../test/wire.ts'
import { TestWorld } from '../test/world.ts'
import type { LiveApi } from './api.ts'

let world: TestWorld
let model: Model
let wire: Wire
let me: UserId
let friend: UserId
let chat: ChatId
let tab: Tab | undefined

beforeEach(() => {
  world = new TestWorld()
  model = new Model()
  wire = new Wire(model)
  me = model.newPerson('Me')
  friend = model.newPerson('Friend')
  chat = model.newChat([friend, me])
  for (let n = 0; n < 3; n++) model.send(chat, friend, `text ${n}`)
})

afterEach(() => tab?.kill())

async function open(through: (api: LiveApi) => LiveApi): Promise<Tab> {
  tab = await Tab.open(world, wire, me, { through })
  await world.until('the tab is online', () => tab?.live.status === 'online')
  return tab
}

test('a read position that was lost on its way is told again while the socket stays open', async () => {
  const told: number[] = []
  const tab = await open((api) => ({
    ...api,
    read: async (id, seq) => {
      told.push(world.time)
      if (told.length < 4) throw new AppError('network.unreachable')
      return await api.read(id, seq)
    },
  }))
  await tab.live.reading.seen(chat, 3)
  await world.until('it has been told', () => told.length === 4)
  await world.quiet()
  expect(await tab.chat(chat)).toMatchObject({ membership: { readSeq: 3 }, unread: 1, doubt: false })
  const pauses = told.slice(1).map((at, n) => at - told[n]!)
  expect(pauses).toEqual([1_000, 2_000, 4_000])
})

test('what was delivered is told again as well', async () => {
  let tries = 0
  const direct = model.newChat([friend, me], 'direct')
  await open((api) => ({
    ...api,
    delivered: async (id, seq) => {
      tries += 1
      if (tries === 1) throw new AppError('server.unavailable')
      return await api.delivered(id, seq)
    },
  }))
  model.send(direct, friend, 'hello')
  await world.until('it has been told twice', () => tries === 2)
})

test('what the server refuses for good is not told again and again', async () => {
  let tries = 0
  const tab = await open((api) => ({
    ...api,
    read: () => {
      tries += 1
      return Promise.reject(new AppError('chat.not_found'))
    },
  }))
  await tab.live.reading.seen(chat, 3)
  await world.pass(60_000)
  expect(tries).toBe(1)
})
