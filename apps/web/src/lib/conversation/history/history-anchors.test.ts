import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { dropOldHistory } from '#lib/store/old-history.ts'
import { newEngineTest } from '#lib/test/engine-test.ts'
import type { TestTab, TestTabOptions } from '#lib/test/TestTab.ts'
import { History } from './History.ts'

let { environment, server, me, friend, chat, openTab } = newEngineTest()
beforeEach(() => void ({ environment, server, me, friend, chat, openTab } = newEngineTest()))

async function start(options: TestTabOptions = {}): Promise<{ tab: TestTab; history: History }> {
  const tab = await openTab(options)
  return { tab, history: openHistory(tab) }
}

function openHistory(tab: TestTab): History {
  const history = new History(tab.live, chat, () => undefined)
  onTestFinished(() => history.close())
  return history
}

function write(count: number): void {
  for (let n = 0; n < count; n++) server.send(chat, friend, `text ${n}`)
}

const seqs = ({ view }: History) => view.rows.map((row) => row.seq)
const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('a history opens around a message that is asked for, without a gap, and grows to both ends', async () => {
  write(300)
  const { history } = await start()
  await history.open({ seq: 120 })
  expect(history.view).toMatchObject({ openedAt: { seq: 120, asked: 120 }, attached: false, state: 'open' })
  expect(seqs(history)).toEqual(span(100, 169))
  while (history.view.older !== 'end') await history.loadOlder()
  while (!history.view.attached) await history.loadNewer()
  expect(seqs(history)).toEqual(span(1, 301))
})

test('a message that is asked for is shown although others are unread, and the line of new messages stays', async () => {
  write(300)
  server.read(chat, me, 250)
  const { history } = await start()
  await history.open({ seq: 40 })
  expect(history.view).toMatchObject({ openedAt: { seq: 40, asked: 40 }, firstUnread: 251 })
  expect(seqs(history)).toContain(40)
})

test('a number below the first visible message opens that message', async () => {
  write(31)
  server.clear(chat)
  write(18)
  const { history } = await start()
  await history.open({ seq: 5 })
  expect(history.view).toMatchObject({ state: 'open', openedAt: { seq: 33, asked: 5 } })
  expect(seqs(history)).toContain(33)
})

test('a number beyond the newest message opens the first unread message, or the end when all are read', async () => {
  write(300)
  server.read(chat, me, 100)
  const { history } = await start()
  const openedAt = { seq: 0, asked: 5_000 }
  await history.open({ seq: 5_000 })
  expect(history.view).toMatchObject({ state: 'open', attached: false, firstUnread: 101, openedAt })
  expect(seqs(history)).toEqual(span(81, 150))
  server.read(chat, me, 301)
  await environment.quiet()
  await history.open({ seq: 5_000 })
  expect(history.view).toMatchObject({ state: 'open', attached: true, openedAt })
})

test('where no message can be seen, one that is asked for opens the empty end', async () => {
  server.clear(chat)
  const { history } = await start()
  await history.open({ seq: 1 })
  expect(history.view).toMatchObject({ state: 'open', rows: [], openedAt: { seq: 0, asked: 1 } })
})

test('a message that is newer than anything this device has heard of is fetched', async () => {
  write(100)
  const { history, tab } = await start()
  server.onChange = () => undefined
  write(100)
  await history.open({ seq: 190 })
  expect(history.view.openedAt).toEqual({ seq: 190, asked: 190 })
  expect(seqs(history)).toEqual(span(170, 201))
  expect((await tab.chat(chat))?.ranges.at(-1)).toEqual([170, 201])
})

test('a message that could not be fetched opens when the network is back', async () => {
  write(300)
  let isCut = true
  const { history } = await start({
    wrapApi: (api) => ({
      ...api,
      history: async (query) => {
        if (isCut) throw new AppError('network.unreachable')
        return await api.history(query)
      },
    }),
  })
  await history.open({ seq: 100 })
  expect(history.view.state).toBe('failed')
  isCut = false
  history.retry()
  await environment.until('it is open', () => history.view.state === 'open')
  expect(history.view.openedAt).toEqual({ seq: 100, asked: 100 })
})

test('a history that was left far from its end opens there again, also after a restart, until its reader goes to the end', async () => {
  write(300)
  server.read(chat, me, 301)
  const parts = { indexedDB: new IDBFactory() }
  const first = await start({ environment: parts })
  await first.history.open({ seq: 100 })
  first.history.moveReader(95, false)
  await environment.pass(2_000)
  first.history.moveReader(91, false)
  first.history.close()
  await environment.quiet()
  first.tab.kill()
  const { history, tab } = await start({ environment: parts })
  await history.open()
  expect(history.view).toMatchObject({ openedAt: { seq: 91, asked: null }, firstUnread: null, attached: false })
  expect(seqs(history)).toContain(91)
  await history.open('end')
  history.moveReader(301, true)
  history.close()
  await environment.quiet()
  const again = openHistory(tab)
  await again.open()
  expect([again.view.openedAt, again.view.attached]).toEqual([null, true])
})

test('a history that was left far from its end opens there again although messages came meanwhile, and the line of new messages stands above the first of them', async () => {
  write(100)
  server.read(chat, me, 101)
  const { history, tab } = await start()
  await history.open({ seq: 30 })
  history.moveReader(30, false)
  history.close()
  write(3)
  await environment.quiet()
  const again = openHistory(tab)
  await again.open()
  expect(again.view).toMatchObject({ openedAt: { seq: 30, asked: null }, firstUnread: 102, attached: false })
})

test('a history that was left at its end opens at the first message that came meanwhile', async () => {
  write(100)
  server.read(chat, me, 101)
  const { history, tab } = await start()
  await history.open()
  history.moveReader(101, true)
  history.close()
  write(3)
  await environment.quiet()
  const again = openHistory(tab)
  await again.open()
  expect(again.view).toMatchObject({ openedAt: null, firstUnread: 102 })
})

test('a reader who stopped below messages that are unread begins at the first of them', async () => {
  write(100)
  server.read(chat, me, 40)
  const { history, tab } = await start()
  await history.open({ seq: 70 })
  history.moveReader(70, false)
  history.close()
  await environment.quiet()
  const again = openHistory(tab)
  await again.open()
  expect(again.view).toMatchObject({ openedAt: null, firstUnread: 41 })
})

test('without a network a history that was left at a message which this device has dropped opens at its end', async () => {
  write(300)
  server.read(chat, me, 301)
  const { history, tab } = await start({
    wrapApi: (api) => ({
      ...api,
      history: async (query) => {
        if (!environment.online) throw new AppError('network.unreachable')
        return await api.history(query)
      },
    }),
  })
  await history.open({ seq: 100 })
  history.moveReader(100, false)
  history.close()
  await dropOldHistory(tab.store, { visitedBefore: Infinity, limits: { rows: 0, bytes: 0 } })
  environment.setOnline(false)
  const again = openHistory(tab)
  await again.open()
  expect([again.view.state, again.view.attached, again.view.openedAt]).toEqual(['open', true, null])
})
