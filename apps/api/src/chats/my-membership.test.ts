import type { ChatId } from '@veche/shared/ids'
import type { SetMine } from '@veche/shared/schemas/chats'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { newDirect, newUser, type TestUser } from '../test/builders.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'

let testApi: TestApi
let anna: TestUser
let chatId: ChatId
beforeAll(async () => {
  testApi = await newTestApi()
  anna = await newUser(testApi.deps)
})
beforeEach(async () => {
  chatId = await newDirect(testApi.deps, anna, await newUser(testApi.deps))
})

type Mine = Omit<SetMine, 'chatId' | 'decidedAt'>

/** A change as a device composes it, `inMs` from now. */
const composed = (mine: Mine, inMs = 0): SetMine => ({
  chatId,
  decidedAt: new Date(testApi.clock.now() + inMs).toISOString(),
  ...mine,
})
const api = () => callerFor(testApi.deps, anna)
const send = async (change: SetMine) => (await api().chats.setMine(change)).membership
const minuteMs = 60_000

test('a change that is sent again because its answer was lost does not undo what another device changed meanwhile', async () => {
  const onPhone = composed({ notify: 'none', pinned: true }, -minuteMs)
  await send(onPhone)
  const onLaptop = await send(composed({ notify: 'all', pinned: false }))
  expect(await send(onPhone)).toEqual(onLaptop)
})

test('a chat that was read on another device is not marked as unread again by a request that is repeated', async () => {
  const mark = composed({ unreadMark: true }, -minuteMs)
  expect((await send(mark)).unreadMark).toBe(true)
  const { membership } = await api().messages.read({ chatId, seq: 0 })
  expect(await send(mark)).toEqual(membership)
  expect(membership.unreadMark).toBe(false)
})

test('the latest decision on each setting wins, although the request with an earlier one arrives after it', async () => {
  const offline = composed({ notify: 'none', pinned: true }, -minuteMs)
  await send(composed({ pinned: false }))
  expect(await send(offline)).toMatchObject({ notify: 'none', pinnedAt: null })
})

test('a pinned chat has the time at which the person pinned it, not the time at which the request came', async () => {
  const change = composed({ pinned: true }, -minuteMs)
  const { pinnedAt } = await send(change)
  expect(testApi.clock.now() - Date.parse(pinnedAt ?? '')).toBeGreaterThanOrEqual(minuteMs)
})

test('a decision of a device whose clock is ahead does not win against later ones', async () => {
  await send(composed({ notify: 'none' }, 365 * 86_400_000))
  await testApi.passTime(1)
  expect((await send(composed({ notify: 'all' }))).notify).toBe('all')
})

test('a request that does not say when the person decided counts as decided now', async () => {
  await send(composed({ notify: 'none' }))
  expect((await send({ chatId, notify: 'all' })).notify).toBe('all')
})
