import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import fc from 'fast-check'
import { newId, type ChatId } from '@veche/shared/ids'
import { beforeEach, expect, test, vi } from 'vitest'
import { History } from '#lib/conversation/history/History.ts'
import { newEngineTest } from '../test/engine-test.ts'
import type { TestTab } from '../test/TestTab.ts'
import { dropOldHistory, limitHistory, planDrops, type HeldHistorySize } from './old-history.ts'
import { addRange, sizeOf, type Range } from './ranges.ts'
import { noteVisit } from './visits.ts'

let { environment, server, me, friend, openTab, expectEqual } = newEngineTest()
beforeEach(() => void ({ environment, server, me, friend, openTab, expectEqual } = newEngineTest()))

const VISITED_BEFORE = 8
const bounds = fc.tuple(fc.nat(200), fc.nat(60)).map(([from, length]): Range => [from + 1, from + 1 + length])
const heldHistory: fc.Arbitrary<HeldHistorySize> = fc.record({
  chatId: fc.constant(null).map(() => newId<ChatId>()),
  ranges: fc.array(bounds).map((all) => all.reduce<Range[]>((ranges, range) => addRange(ranges, ...range), [])),
  neededFrom: fc.nat(260),
  visitedAt: fc.nat(10),
  rowBytes: fc.integer({ min: 1, max: 9 }),
})

const left = ({ ranges }: HeldHistorySize, below: number) =>
  ranges.flatMap(([from, to]): Range[] => (to >= below ? [[Math.max(from, below), to]] : []))

test('the oldest messages of the least visited chats are dropped, nothing that is needed, and not much more than the limit demands', () => {
  const property = fc.property(fc.array(heldHistory), fc.nat(400), fc.nat(2_000), (held, rows, bytes) => {
    const below = new Map(
      planDrops(held, { visitedBefore: VISITED_BEFORE, limits: { rows, bytes } }).map((drop) => [
        drop.chatId,
        drop.below,
      ]),
    )
    const total = (of: (each: HeldHistorySize) => number) => held.reduce((sum, each) => sum + of(each), 0)
    const before = (each: HeldHistorySize) => sizeOf(each.ranges)
    const after = (each: HeldHistorySize) => sizeOf(left(each, below.get(each.chatId) ?? 0))
    const isOver = (of: typeof before) => total(of) > rows || total((each) => of(each) * each.rowBytes) > bytes
    if (!isOver(before)) expect(below.size).toBe(0)
    for (const each of held) {
      const from = below.get(each.chatId) ?? 0
      expect(from).toBeLessThanOrEqual(each.neededFrom)
      if (each.visitedAt >= VISITED_BEFORE) expect(from).toBe(0)
    }
    const mayLose = (each: HeldHistorySize) =>
      each.visitedAt < VISITED_BEFORE ? after(each) - sizeOf(left(each, each.neededFrom)) : 0
    if (isOver(after)) expect(total(mayLose)).toBe(0)
    const touched = Math.max(...held.filter((each) => below.has(each.chatId)).map((each) => each.visitedAt))
    for (const each of held) if (each.visitedAt < touched) expect(mayLose(each)).toBe(0)
  })
  fc.assert(property)
})

async function newTab(): Promise<{ tab: TestTab; chats: ChatId[] }> {
  const chats = ['one', 'two', 'three'].map((title) => server.newChat([friend, me], 'group', title))
  const tab = await openTab({ environment: { indexedDB: new IDBFactory() } })
  server.page = { newest: 500, rows: 500, gap: 2_000, stateRows: 500 }
  for (const id of chats) for (let n = 0; n < 120; n++) server.send(id, friend, `text ${n}`)
  await environment.until('all is held', async () => (await tab.bodies(chats[2] as ChatId)).length === 120)
  for (const id of chats) await tab.live.readPositions.markRead(id, 121)
  await environment.pass(2_000)
  return { tab, chats }
}

const held = async (tab: TestTab, chats: ChatId[]) =>
  await Promise.all(chats.map(async (id) => (await tab.chat(id))?.messages.length))

test('old history leaves the device, the least visited chats first, and comes back without a gap when somebody scrolls up', async () => {
  const { tab, chats } = await newTab()
  const [one, two, three] = chats as [ChatId, ChatId, ChatId]
  for (const [at, chatId] of [two, three, one].entries())
    await tab.store.merge(async ({ tx }) => tx.put('visits', { chatId, at }), ['visits'])
  await dropOldHistory(tab.store, { visitedBefore: 10, limits: { rows: 300, bytes: 1e9 } })
  expect(await held(tab, chats)).toEqual([121, 50, 98])
  await expectEqual(tab)

  const history = new History(tab.live, two, () => undefined)
  await history.open('end')
  while (history.view.older !== 'end') await history.loadOlder()
  expect(history.view.rows.map((row) => row.seq)).toEqual(Array.from({ length: 121 }, (_, index) => index + 1))
  history.close()
  expect(await held(tab, chats)).toEqual([121, 121, 98])
})

test('histories that may lose nothing are not read, however many there are', async () => {
  const { tab, chats } = await newTab()
  await dropOldHistory(tab.store, { visitedBefore: environment.time, limits: { rows: 0, bytes: 0 } })
  expect(await held(tab, chats)).toEqual([50, 50, 50])
  const reads = vi.spyOn(tab.store, 'read')
  await dropOldHistory(tab.store, { visitedBefore: environment.time, limits: { rows: 0, bytes: 0 } })
  expect(reads.mock.calls.filter(([, stores]) => stores?.includes('messages'))).toEqual([])
})

test('unread messages, unsent messages and the chat on the screen stay, however much there is', async () => {
  const { tab, chats } = await newTab()
  const [one, two] = chats as [ChatId, ChatId, ChatId]
  for (let n = 0; n < 100; n++) server.send(one, friend, 'unread')
  await environment.quiet()
  const history = new History(tab.live, two, () => undefined)
  await history.open('end')
  environment.setOnline(false)
  await tab.live.outbox.addMessage(one, 'unsent')
  await dropOldHistory(tab.store, { visitedBefore: environment.time, limits: { rows: 0, bytes: 0 } })
  expect(await held(tab, chats)).toEqual([100, 121, 50])
  expect([(await tab.chat(one))?.unread, await tab.live.outbox.countMessages()]).toEqual([100, 1])
  history.close()
})

test('a device of 200 MB drops the larger messages by their size, although their number is small', async () => {
  const { tab, chats } = await newTab()
  await dropOldHistory(tab.store, { visitedBefore: 10, limits: { rows: 1_000, bytes: 170_000 } })
  const rows = (await held(tab, chats)).reduce<number>((sum, count) => sum + (count ?? 0), 0)
  expect(rows).toBeGreaterThan(150)
  expect(rows).toBeLessThan(363)
})

test('nothing of a chat that is shown is dropped, nor of one that another tab has shown shortly before', async () => {
  const { tab, chats } = await newTab()
  const [one, two, three] = chats as [ChatId, ChatId, ChatId]
  const now = environment.time
  const most = { everyMs: 1_000, limits: { rows: 100, bytes: 1e9 } }
  await noteVisit(tab.store, { chatId: one, at: now - 3_000 })
  await noteVisit(tab.store, { chatId: two, at: now - 2_000 })
  await limitHistory(tab.store, { now, shown: [three], ...most })
  expect(await held(tab, chats)).toEqual([50, 121, 121])
})

test('a tab notes the chats that it shows, at once and again while they are shown', async () => {
  const { tab, chats } = await newTab()
  const [one] = chats as [ChatId]
  const visitedAt = async () => (await tab.store.read((tx) => tx.get('visits', one), ['visits']))?.at
  const start = environment.time
  const history = new History(tab.live, one, () => undefined)
  await environment.quiet()
  expect(await visitedAt()).toBe(start)
  await environment.pass(20 * 60_000)
  expect(await visitedAt()).toBeGreaterThan(start + 5 * 60_000)
  history.close()
  const end = environment.time
  await environment.pass(20 * 60_000)
  expect(await visitedAt()).toBeLessThanOrEqual(end)
})
