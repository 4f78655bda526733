import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import fc from 'fast-check'
import type { ErrorCode } from '@veche/shared/errors'
import type { SetMine } from '@veche/shared/schemas/chats'
import { beforeEach, expect, test } from 'vitest'
import { AppError } from '../../api/error.ts'
import { chatStores, readChat, readChatsAfter } from '#lib/chats/chat.ts'
import { newEngineTest } from '../../test/engine-test.ts'
import { isLong } from '../../test/long.ts'
import { newBroadcastChannels } from '../../test/TestEnvironment.ts'
import type { TestTab, TestTabOptions } from '../../test/TestTab.ts'

let { environment, server, network, me, friend, chat, startTab, openTab, textsOnServer, expectEqual } = newEngineTest()
beforeEach(() => {
  ;({ environment, server, network, me, friend, chat, startTab, openTab, textsOnServer, expectEqual } = newEngineTest())
})

type Mine = Omit<SetMine, 'chatId'>
const setMine = (tab: TestTab, mine: Mine) =>
  tab.live.outbox.add({ kind: 'chats.setMine', chatId: chat, input: { chatId: chat, ...mine } })

type Shown = { pinned: boolean; notify: string; unreadMark: boolean } | undefined

/** The chat as a person sees it; both ways of reading it must agree. */
async function shown({ store }: TestTab): Promise<Shown> {
  const [one, all] = await store.read(
    (tx) => Promise.all([readChat(tx, me, chat), readChatsAfter(tx, me, '').then(({ chats }) => chats)]),
    chatStores,
  )
  expect(all.find(({ id }) => id === chat)).toEqual(one ?? undefined)
  if (!one) return undefined
  const { pinnedAt, notify, unreadMark } = one.membership
  return { pinned: pinnedAt !== null, notify, unreadMark }
}

function onServer(): Shown {
  const { pinnedAt, notify, unreadMark } = server.membershipsOf(me).find((row) => row.chatId === chat) ?? {}
  return { pinned: pinnedAt != null, notify: notify ?? '', unreadMark: unreadMark ?? false }
}

const isEmpty = async ({ store }: TestTab) => (await store.read((tx) => tx.all('outbox'), ['outbox'])).length === 0

function failing(code: ErrorCode): TestTabOptions {
  return { wrapApi: (api) => ({ ...api, setMine: () => Promise.reject(new AppError(code)) }) }
}

test('a chat is pinned, muted and marked at once without a network, and on the server when it is back', async () => {
  const tab = await openTab()
  environment.setOnline(false)
  await setMine(tab, { pinned: true })
  await setMine(tab, { notify: 'none', unreadMark: true })
  expect(await shown(tab)).toEqual({ pinned: true, notify: 'none', unreadMark: true })
  expect(onServer()).toEqual({ pinned: false, notify: 'all', unreadMark: false })
  expect(await tab.live.outbox.countMessages()).toBe(0)
  environment.setOnline(true)
  await environment.until('it is done', () => isEmpty(tab))
  expect(onServer()).toEqual({ pinned: true, notify: 'none', unreadMark: true })
  await environment.quiet()
  await expectEqual(tab)
})

test('what is shown never goes back to the state before the change, whichever of answer and frame comes first', async () => {
  for (const first of ['answer', 'frame'] as const) {
    const answers = Promise.withResolvers<void>()
    const seen = new Set<boolean>()
    const tab = await openTab({
      device: first,
      wrapApi: (api) => ({
        ...api,
        setMine: async (mine) => {
          const answer = await api.setMine(mine)
          if (first === 'frame') await answers.promise
          return answer
        },
      }),
    })
    if (first === 'answer') network.server.onChange = () => undefined
    const pinned = first === 'answer'
    await setMine(tab, { pinned })
    tab.store.on('changed', () => void shown(tab).then((now) => seen.add(now?.pinned ?? false)))
    await environment.quiet()
    answers.resolve()
    await environment.until('it is done', () => isEmpty(tab))
    network.server.onChange = () => network.flush()
    network.flush()
    await environment.quiet()
    expect([...seen]).toEqual([pinned])
  }
})

test('a change that is made twice while the first is under way ends as the person left it', async () => {
  const gate = Promise.withResolvers<void>()
  const tab = await openTab({
    wrapApi: (api) => ({ ...api, setMine: async (mine) => await gate.promise.then(() => api.setMine(mine)) }),
  })
  await setMine(tab, { pinned: true })
  await environment.quiet()
  await setMine(tab, { pinned: false })
  expect((await shown(tab))?.pinned).toBe(false)
  gate.resolve()
  await environment.until('it is done', () => isEmpty(tab))
  expect([onServer()?.pinned, (await shown(tab))?.pinned]).toEqual([false, false])
})

test('a refused change is dropped with what it showed, and the person is told why, once', async () => {
  const tab = await openTab(failing('chat.forbidden'))
  await setMine(tab, { pinned: true })
  await environment.until('it is refused', () => isEmpty(tab))
  expect([(await shown(tab))?.pinned, tab.dropped]).toEqual([false, ['chat.forbidden']])
})

test('after a temporary error a change is sent again and stays shown', async () => {
  let failures = 3
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      setMine: async (mine) => {
        if (failures-- > 0) throw new AppError('server.unavailable')
        return await api.setMine(mine)
      },
    }),
  })
  await setMine(tab, { notify: 'none' })
  await environment.quiet()
  expect((await shown(tab))?.notify).toBe('none')
  await environment.until('it is done', () => isEmpty(tab))
  expect([onServer()?.notify, tab.dropped]).toEqual(['none', []])
})

test('a change that is sent again says the same time of the decision', async () => {
  const sent: (string | undefined)[] = []
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      setMine: async (mine) => {
        sent.push(mine.decidedAt)
        if (sent.length === 1) throw new AppError('server.unavailable')
        return await api.setMine(mine)
      },
    }),
  })
  await setMine(tab, { pinned: true })
  await environment.until('it is done', () => isEmpty(tab))
  expect([sent.length, new Set(sent).size, sent[0]]).toEqual([2, 1, expect.any(String)])
})

test('a change that a killed tab left is shown by the next start, and done', async () => {
  const kept = { indexedDB: new IDBFactory() }
  const tab = await openTab({ environment: kept })
  environment.setOnline(false)
  await setMine(tab, { pinned: true })
  tab.kill()
  const next = await openTab({ environment: kept })
  expect((await shown(next))?.pinned).toBe(true)
  environment.setOnline(true)
  await environment.until('it is done', () => isEmpty(next))
  expect(onServer()?.pinned).toBe(true)
})

test('a change made in one tab is shown in the other, which may also send it', async () => {
  const parts = { indexedDB: new IDBFactory(), channel: newBroadcastChannels(), locks: navigator.locks }
  const [one, two] = [await openTab({ environment: parts }), await openTab({ environment: parts })]
  environment.setOnline(false)
  await setMine(one, { pinned: true })
  await setMine(two, { unreadMark: true })
  for (const tab of [one, two]) expect(await shown(tab)).toEqual({ pinned: true, notify: 'all', unreadMark: true })
  one.kill()
  environment.setOnline(true)
  await environment.until('it is done', () => isEmpty(two))
  expect(onServer()).toEqual({ pinned: true, notify: 'all', unreadMark: true })
})

test('a chat that was lost meanwhile takes its changes with it, and nobody is bothered', async () => {
  const tab = await openTab()
  environment.setOnline(false)
  await setMine(tab, { pinned: true })
  server.removeMember(chat, me)
  await environment.quiet()
  expect([await isEmpty(tab), await shown(tab)]).toEqual([true, undefined])
  environment.setOnline(true)
  await environment.pass(60_000)
  expect(tab.dropped).toEqual([])
})

test('a change that the server refuses after its chat was lost bothers nobody either', async () => {
  const answer = Promise.withResolvers<never>()
  const tab = await openTab({ wrapApi: (api) => ({ ...api, setMine: () => answer.promise }) })
  await setMine(tab, { pinned: true })
  await environment.quiet()
  server.removeMember(chat, me)
  await environment.quiet()
  answer.reject(new AppError('chat.not_found'))
  await environment.quiet()
  expect([await isEmpty(tab), tab.dropped]).toEqual([true, []])
})

test('a chat that was read and then marked as unread without a network is marked when the network is back', async () => {
  for (let n = 0; n < 3; n++) server.send(chat, friend, `text ${n}`)
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      read: async (...position) => {
        if (!environment.online) throw new AppError('network.unreachable')
        return await api.read(...position)
      },
    }),
  })
  environment.setOnline(false)
  network.cut()
  await tab.live.readPositions.markRead(chat, 4)
  await setMine(tab, { unreadMark: true })
  await environment.pass(5_000)
  environment.setOnline(true)
  await environment.until('it is done', () => isEmpty(tab))
  await environment.pass(5_000)
  expect([onServer()?.unreadMark, server.membershipsOf(me)[0]?.readSeq]).toEqual([true, 4])
})

test('a change that was made before the time of the server was known is sent with that time, however wrong the clock of the device is', async () => {
  const decided: (string | undefined)[] = []
  let isReachable = false
  let helloAt = 0
  const tab = await startTab({
    environment: { now: () => environment.time - 3_600_000 },
    wrapApi: (api) => ({
      ...api,
      listen: (events) => {
        const noteTime = () => (helloAt ||= environment.time)
        if (isReachable) return api.listen({ ...events, frame: (frame) => (noteTime(), events.frame(frame)) })
        queueMicrotask(() => events.closed(undefined))
        return { ping: () => Promise.resolve(), close: () => undefined }
      },
      setMine: async (mine) => {
        decided.push(mine.decidedAt)
        return await api.setMine(mine)
      },
    }),
  })
  const composedAt = environment.time
  await setMine(tab, { pinned: true })
  await environment.pass(10_000)
  expect(decided).toEqual([])
  isReachable = true
  await environment.until('it is done', () => isEmpty(tab))
  // The time of the fake server stands still.
  const error = Date.parse(decided[0] ?? '') - (server.now - (helloAt - composedAt))
  expect([decided.length, Math.abs(error) <= 2_000]).toEqual([1, true])
})

test('twenty slow commands that hang delay no message and no small change', async () => {
  const { commandKinds } = await import('./command-kinds.ts')
  const requested: string[] = []
  const hangs = {
    pace: 'slow',
    queue: ({ body }: { body: string }) => body,
    request: async (_: unknown, { id }: { id: string }) => {
      requested.push(id)
      return await new Promise<never>(() => undefined)
    },
    finalErrors: [],
    whenRefused: 'keep',
  }
  const kinds = { ...commandKinds, 'test.slow': hangs } as typeof commandKinds
  const tab = await openTab({ kinds })
  for (let n = 0; n < 20; n++) {
    const slow = { kind: 'test.slow', chatId: chat, input: { body: `file ${n}` } }
    await tab.live.outbox.add(slow as unknown as Parameters<typeof tab.live.outbox.add>[0])
  }
  await environment.quiet()
  expect(requested).toHaveLength(2)
  await tab.live.outbox.addMessage(chat, 'at once')
  await setMine(tab, { pinned: true })
  await environment.quiet()
  expect([textsOnServer(chat), onServer()?.pinned]).toEqual([['at once'], true])
})

test('whatever is changed, lost and killed, the chat is shown as the person left it, before and after the server has it', async () => {
  const change: fc.Arbitrary<Mine> = fc.oneof(
    fc.boolean().map((pinned) => ({ pinned })),
    fc.constantFrom('all' as const, 'none' as const).map((notify) => ({ notify })),
    fc.boolean().map((unreadMark) => ({ unreadMark })),
  )
  const act = fc.oneof({ weight: 2, arbitrary: change }, fc.constantFrom('kill', 'offline', 'online', 'cut', 'pass'))
  const law = fc.asyncProperty(fc.array(act, { maxLength: 25 }), fc.infiniteStream(fc.nat(9)), async (acts, chance) => {
    const parts = { indexedDB: new IDBFactory() }
    const loseSome = async () => {
      if ((chance.next().value as number) < 3) throw new AppError('network.unreachable')
    }
    const options: TestTabOptions = {
      environment: parts,
      device: `run ${Math.random()}`,
      wrapApi: (api) => ({
        ...api,
        setMine: async (mine) => {
          await loseSome()
          return await api.setMine(mine).finally(loseSome)
        },
      }),
    }
    let tab = await openTab(options)
    const wanted = { ...(await shown(tab)) }
    for (const each of acts) {
      if (typeof each === 'object') {
        await setMine(tab, each)
        Object.assign(wanted, each)
      } else if (each === 'kill') {
        tab.kill()
        tab = await openTab(options)
      } else if (each === 'cut') network.cut()
      else if (each === 'pass') await environment.pass(1_000)
      else environment.setOnline(each === 'online')
      expect(await shown(tab)).toEqual(wanted)
    }
    environment.setOnline(true)
    await environment.until('all is done', () => isEmpty(tab))
    expect([onServer(), await shown(tab)]).toEqual([wanted, wanted])
    tab.kill()
  })
  await fc.assert(law, { numRuns: isLong ? 60 : 10 })
})
