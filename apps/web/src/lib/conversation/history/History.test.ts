import { type ChatId, type UserId } from '@veche/shared/ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { Model } from '#lib/test/model.ts'
import { Tab, type TabOptions } from '#lib/test/tab.ts'
import { Wire } from '#lib/test/wire.ts'
import { TestWorld } from '#lib/test/world.ts'
import { History, type HistoryView } from './History.ts'

let world: TestWorld
let model: Model
let wire: Wire
let me: UserId
let friend: UserId
let chat: ChatId
let tab: Tab | undefined
let history: History | undefined

beforeEach(() => {
  world = new TestWorld()
  model = new Model()
  wire = new Wire(model)
  me = model.newPerson('Me')
  friend = model.newPerson('Friend')
  chat = model.newChat([friend, me])
})

afterEach(() => {
  history?.close()
  tab?.kill()
})

async function start(
  options: TabOptions = {},
  onChange: (view: HistoryView) => void = () => undefined,
): Promise<{ tab: Tab; history: History }> {
  const opened = await Tab.open(world, wire, me, options)
  tab = opened
  await world.until('it is online', () => opened.live.status === 'online')
  history = new History(opened.live, chat, onChange)
  return { tab: opened, history }
}

function write(count: number): void {
  for (let n = 0; n < count; n++) model.send(chat, friend, `text ${n}`)
}

function seqs({ view: { rows } }: History): number[] {
  return rows.map((row) => row.seq)
}

function span(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

test('a history opens at the newest message and grows upwards without a gap to the first', async () => {
  write(180)
  const { history } = await start()
  await history.open()
  expect(seqs(history)).toEqual(span(131, 181))
  while (history.view.older !== 'end') await history.loadOlder()
  expect(seqs(history)).toEqual(span(1, 181))
})

test('an older page that comes during the opening does not count as another opening, so that the list is not built again under its reader', async () => {
  write(180)
  const shown: [openings: number, rows: number][] = []
  const { history } = await start({}, (view) => shown.push([view.openings, view.rows.length]))
  await history.open()
  expect(shown[0]).toEqual([1, 1])
  expect(shown.at(-1)).toEqual([1, 51])
  await history.open()
  expect(history.view.openings).toBe(2)
})

test('a history with unread messages opens around the first of them and grows downwards until it follows the newest', async () => {
  write(180)
  const { history } = await start()
  await history.open(60)
  expect([seqs(history).includes(61), seqs(history)[0], history.view.attached]).toEqual([true, 41, false])
  model.send(chat, friend, 'not shown yet')
  await world.quiet()
  expect(seqs(history).at(-1)).toBe(110)
  while (!history.view.attached) await history.loadNewer()
  model.send(chat, friend, 'shown at once')
  await world.quiet()
  expect(seqs(history)).toEqual(span(41, 183))
})

test('offline the held messages are shown, and a page that could not be fetched can be tried again', async () => {
  write(120)
  const { history, tab } = await start({
    through: (api) => ({
      ...api,
      history: async (ask) => {
        if (!world.online) throw new AppError('network.unreachable')
        return await api.history(ask)
      },
    }),
  })
  await history.open()
  history.close()
  world.setOnline(false)
  const again = new History(tab.live, chat, () => undefined)
  await again.open()
  expect([seqs(again), again.view.older]).toEqual([span(72, 121), 'more'])
  await again.loadOlder()
  await again.loadOlder()
  expect([again.view.older, again.view.error?.code]).toEqual(['failed', 'network.unreachable'])
  world.setOnline(true)
  again.retry()
  await world.until('it grew', () => seqs(again)[0] === 21)
  again.close()
})

test('a changed message is replaced, and the objects of all other rows stay the same', async () => {
  write(5)
  const { history } = await start()
  await history.open()
  const [before] = history.view.rows
  model.delete(chat, 3)
  await world.quiet()
  expect(history.view.rows.find((row) => row.seq === 3)?.deletedAt).not.toBeNull()
  expect(history.view.rows[0]).toBe(before)
})

test('an unsent message stands below the history until its row replaces it', async () => {
  write(2)
  const { history, tab } = await start()
  await history.open()
  world.setOnline(false)
  await tab.live.outbox.add(chat, 'mine')
  await world.quiet()
  expect([history.view.pending.map((item) => item.body), seqs(history)]).toEqual([['mine'], [1, 2, 3]])
  world.setOnline(true)
  await world.until('it is sent', () => history.view.pending.length === 0)
  expect(history.view.rows.at(-1)?.body).toBe('mine')
})

test('the history of a new member who may not see earlier messages ends at the first visible one', async () => {
  write(30)
  model.configure(chat, false)
  const newcomer = model.newPerson('Newcomer')
  model.addMember(chat, newcomer)
  model.send(chat, friend, 'welcome')
  const opened = await Tab.open(world, wire, newcomer, {})
  tab = opened
  await world.until('it is online', () => opened.live.status === 'online')
  history = new History(opened.live, chat, () => undefined)
  await history.open()
  expect([seqs(history), history.view.older]).toEqual([[32, 33], 'end'])
})

test('when all held messages were replaced, the history opens again at the newest', async () => {
  write(10)
  const { history, tab } = await start()
  await history.open()
  wire.cut()
  write(60)
  await world.until('it is online again', () => tab.live.status === 'online')
  await world.until('it has been read', () => history.view.state === 'open' && history.view.older === 'more')
  expect(seqs(history).at(-1)).toBe(71)
})

test('the history of a chat is gone for a removed member and for a person who never was a member', async () => {
  const { history, tab } = await start()
  await history.open()
  model.removeMember(chat, me)
  await world.until('it is gone', () => history.view.state === 'gone')
  expect([history.view.rows, history.view.pending]).toEqual([[], []])
  const foreign = new History(tab.live, model.newChat([friend]), () => undefined)
  await foreign.open()
  expect(foreign.view.state).toBe('gone')
  foreign.close()
})

test('my own message is shown although messages before it have not arrived', async () => {
  write(3)
  const { history } = await start()
  await history.open()
  const push = model.onChange
  model.onChange = () => undefined
  model.send(chat, friend, 'before it')
  await tab?.live.outbox.add(chat, 'mine')
  await world.until('it is there', () => history.view.rows.at(-1)?.body === 'mine')
  model.onChange = push
  wire.flush()
  await world.quiet()
  expect(seqs(history)).toEqual(span(1, 6))
})
