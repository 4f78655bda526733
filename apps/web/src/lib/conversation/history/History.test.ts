import { type ChatId, type UserId } from '@veche/shared/ids'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { applyPositions } from '#lib/store/merge/read-positions.ts'
import { FakeServer } from '#lib/test/FakeServer.ts'
import { TestTab, type TestTabOptions } from '#lib/test/TestTab.ts'
import { FakeNetwork } from '#lib/test/FakeNetwork.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { Drafts } from '../composer/Drafts.ts'
import { History, type HistoryView } from './History.ts'
import { HistoryRun } from './HistoryRun.ts'

let environment: TestEnvironment
let server: FakeServer
let network: FakeNetwork
let me: UserId
let friend: UserId
let chat: ChatId
let tab: TestTab | undefined
let history: History | undefined

beforeEach(() => {
  environment = new TestEnvironment()
  server = new FakeServer()
  network = new FakeNetwork(server)
  me = server.newPerson('Me')
  friend = server.newPerson('Friend')
  chat = server.newChat([friend, me])
})

afterEach(() => {
  history?.close()
  tab?.kill()
})

async function start(
  options: TestTabOptions = {},
  onChange: (view: HistoryView) => void = () => undefined,
): Promise<{ tab: TestTab; history: History }> {
  const opened = await TestTab.open(environment, network, me, options)
  tab = opened
  await environment.until('it is online', () => opened.live.status === 'online')
  history = new History(opened.live, chat, onChange)
  return { tab: opened, history }
}

function write(count: number): void {
  for (let n = 0; n < count; n++) server.send(chat, friend, `text ${n}`)
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
  await history.open('end')
  expect(seqs(history)).toEqual(span(131, 181))
  while (history.view.older !== 'end') await history.loadOlder()
  expect(seqs(history)).toEqual(span(1, 181))
})

test('an older page that comes during the opening does not count as another opening, so that the list is not built again under its reader', async () => {
  write(180)
  const shown: [openings: number, rows: number][] = []
  const { history } = await start({}, (view) => shown.push([view.openings, view.rows.length]))
  await history.open('end')
  expect(shown[0]).toEqual([1, 1])
  expect(shown.at(-1)).toEqual([1, 51])
  await history.open('end')
  expect(history.view.openings).toBe(2)
})

test('a history with unread messages opens around the first of them and grows downwards until it follows the newest', async () => {
  write(180)
  server.read(chat, me, 60)
  const { history } = await start()
  await history.open()
  expect(history.view.firstUnread).toBe(61)
  expect([seqs(history).includes(61), seqs(history)[0], history.view.attached]).toEqual([true, 41, false])
  server.send(chat, friend, 'not shown yet')
  await environment.quiet()
  expect(seqs(history).at(-1)).toBe(110)
  while (!history.view.attached) await history.loadNewer()
  server.send(chat, friend, 'shown at once')
  await environment.quiet()
  expect(seqs(history)).toEqual(span(41, 183))
})

test('a history that is scrolled through keeps a bounded number of rows, and reads the others again without a gap', async () => {
  write(3_000)
  server.page = { newest: 5, rows: 8, gap: 30, stateRows: 10 }
  const sizes: number[] = []
  const { history } = await start({}, ({ rows }) => sizes.push(rows.length))
  const expectRun = () => expect(seqs(history)).toEqual(span(seqs(history)[0] ?? 0, seqs(history).at(-1) ?? 0))
  await history.open('end')
  while (history.view.older !== 'end') {
    await history.loadOlder()
    history.moveReader(history.view.rows[10]?.seq ?? 0, false)
    expectRun()
  }
  expect([seqs(history)[0], history.view.attached, history.view.newer]).toEqual([1, false, 'more'])
  server.send(chat, friend, 'far below')
  await environment.quiet()
  expectRun()
  while (!history.view.attached) {
    await history.loadNewer()
    history.moveReader(history.view.rows.at(-10)?.seq ?? 0, false)
    expectRun()
  }
  expect([seqs(history).at(-1), history.view.older]).toEqual([3_002, 'more'])
  expect(Math.max(...sizes)).toBeLessThan(1_000)
})

test('rows near the reader stay, on both sides, and the end that is near is followed still', async () => {
  write(700)
  const { history } = await start()
  await history.open('end')
  while (history.view.older !== 'end') await history.loadOlder()
  history.moveReader(350, false)
  expect(seqs(history)).toEqual(span(1, 701))
  history.moveReader(690, false)
  expect([seqs(history)[0], history.view.attached]).toEqual([290, true])
  server.send(chat, friend, 'followed')
  await environment.quiet()
  expect(seqs(history)).toEqual(span(290, 702))
})

test('offline the held messages are shown, and a page that could not be fetched can be tried again', async () => {
  write(120)
  const { history, tab } = await start({
    wrapApi: (api) => ({
      ...api,
      history: async (ask) => {
        if (!environment.online) throw new AppError('network.unreachable')
        return await api.history(ask)
      },
    }),
  })
  await history.open('end')
  history.close()
  environment.setOnline(false)
  const again = new History(tab.live, chat, () => undefined)
  await again.open('end')
  expect([seqs(again), again.view.older]).toEqual([span(72, 121), 'more'])
  await again.loadOlder()
  await again.loadOlder()
  expect([again.view.older, again.view.error?.code]).toEqual(['failed', 'network.unreachable'])
  environment.setOnline(true)
  again.retry()
  await environment.until('it grew', () => seqs(again)[0] === 21)
  again.close()
})

test('a changed message is replaced, and the objects of all other rows stay the same', async () => {
  write(5)
  const { history } = await start()
  await history.open('end')
  const [before] = history.view.rows
  server.delete(chat, 3)
  await environment.quiet()
  expect(history.view.rows.find((row) => row.seq === 3)?.deletedAt).not.toBeNull()
  expect(history.view.rows[0]).toBe(before)
})

test('a draft, a read mark and a position read nothing of the history again, and show nothing anew', async () => {
  write(5)
  let shown = 0
  const { history, tab } = await start({}, () => (shown += 1))
  await history.open('end')
  const drafts = new Drafts(tab.live, chat)
  const acts = {
    draft: async () => {
      drafts.write('a draft')
      await drafts.store()
    },
    mark: () => tab.live.readPositions.markRead(chat, 4),
    position: () => tab.store.merge((merge) => applyPositions(merge, chat, { read: 5, delivered: 5 })),
  }
  const messages = vi.spyOn(HistoryRun.prototype, 'readAgain')
  shown = 0
  for (const act of Object.values(acts)) {
    await act()
    await environment.quiet()
  }
  expect([messages.mock.calls.length, shown]).toEqual([0, 0])
  server.send(chat, friend, 'a message')
  await environment.quiet()
  expect([messages.mock.calls.length, shown]).toEqual([1, 1])
  messages.mockRestore()
})

test('the rows are the same array when only what is unsent has changed, and the other way round', async () => {
  write(5)
  const { history, tab } = await start()
  await history.open('end')
  environment.setOnline(false)
  const { rows } = history.view
  await tab.live.outbox.addMessage(chat, 'mine')
  await environment.quiet()
  expect([history.view.rows === rows, history.view.pending.length]).toEqual([true, 1])
  const { pending } = history.view
  server.send(chat, friend, 'theirs')
  await environment.quiet()
  expect([history.view.rows.length, history.view.pending === pending]).toEqual([7, true])
})

test('an unsent message stands below the history until its row replaces it', async () => {
  write(2)
  const { history, tab } = await start()
  await history.open('end')
  environment.setOnline(false)
  await tab.live.outbox.addMessage(chat, 'mine')
  await environment.quiet()
  expect([history.view.pending.map(({ input }) => input.body), seqs(history)]).toEqual([['mine'], [1, 2, 3]])
  environment.setOnline(true)
  await environment.until('it is sent', () => history.view.pending.length === 0)
  expect(history.view.rows.at(-1)?.body).toBe('mine')
})

test('the history of a new member who may not see earlier messages ends at the first visible one', async () => {
  write(30)
  server.configure(chat, false)
  const newcomer = server.newPerson('Newcomer')
  server.addMember(chat, newcomer)
  server.send(chat, friend, 'welcome')
  const opened = await TestTab.open(environment, network, newcomer, {})
  tab = opened
  await environment.until('it is online', () => opened.live.status === 'online')
  history = new History(opened.live, chat, () => undefined)
  await history.open('end')
  expect([seqs(history), history.view.older]).toEqual([[32, 33], 'end'])
})

/** What is shown after sleep, when so much has come that all held messages were replaced. `readTo` is what another device has read. */
async function replaceAll(readTo: number): Promise<History> {
  write(10)
  server.read(chat, me, 11)
  const { history, tab } = await start()
  await history.open()
  expect(history.view.attached).toBe(true)
  network.cut()
  write(60)
  server.read(chat, me, readTo)
  await environment.until('it is online again', () => tab.live.status === 'online')
  await environment.until('it opened again', () => history.view.state === 'open' && history.view.openings === 2)
  return history
}

test('when all held messages were replaced, the history opens again at the first unread one', async () => {
  const { view } = await replaceAll(11)
  expect(view.firstUnread).toBe(12)
  expect(view.rows[0]?.seq).toBeLessThanOrEqual(12)
})

test('when all held messages were replaced and are read, the history opens again at the newest', async () => {
  const { view } = await replaceAll(71)
  expect([view.firstUnread, view.attached, view.rows.at(-1)?.seq]).toEqual([null, true, 71])
})

test('while a history whose messages were replaced opens again, no message is shown behind a gap', async () => {
  write(10)
  server.read(chat, me, 11)
  const page = Promise.withResolvers<void>()
  const views: number[][] = []
  const { history, tab } = await start(
    { wrapApi: (api) => ({ ...api, history: async (query) => await page.promise.then(() => api.history(query)) }) },
    ({ rows }) => views.push(rows.map((row) => row.seq)),
  )
  const opening = history.open()
  page.resolve()
  await opening
  expect(history.view.attached).toBe(true)
  const held = Promise.withResolvers<void>()
  page.promise = held.promise
  network.cut()
  write(60)
  await environment.until('it is online again', () => tab.live.status === 'online')
  await environment.quiet()
  server.send(chat, friend, 'meanwhile')
  await environment.quiet()
  held.resolve()
  await environment.until('it opened again', () => history.view.openings === 2)
  for (const seen of views) expect(seen).toEqual(span(seen[0] ?? 1, seen.at(-1) ?? 0))
})

test('the history of a chat is gone for a removed member and for a person who never was a member', async () => {
  const { history, tab } = await start()
  await history.open('end')
  server.removeMember(chat, me)
  await environment.until('it is gone', () => history.view.state === 'gone')
  expect([history.view.rows, history.view.pending]).toEqual([[], []])
  const foreign = new History(tab.live, server.newChat([friend]), () => undefined)
  await foreign.open('end')
  expect(foreign.view.state).toBe('gone')
  foreign.close()
})

test('my own message is shown although messages before it have not arrived', async () => {
  write(3)
  const { history } = await start()
  await history.open('end')
  const push = server.onChange
  server.onChange = () => undefined
  server.send(chat, friend, 'before it')
  await tab?.live.outbox.addMessage(chat, 'mine')
  await environment.until('it is there', () => history.view.rows.at(-1)?.body === 'mine')
  server.onChange = push
  network.flush()
  await environment.quiet()
  expect(seqs(history)).toEqual(span(1, 6))
})
