import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { DIRECTORY_SCOPE } from '@veche/shared/ids'
import { beforeEach, expect, test } from 'vitest'
import { AppError } from '../../api/error.ts'
import type { LiveApi } from '../connection/live-api.ts'
import { newEngineTest } from '../../test/engine-test.ts'
import { fetchChanges } from './fetch-changes.ts'

let { environment, server, network, me, friend, startTab, openTab, expectEqual } = newEngineTest()
beforeEach(() => void ({ environment, server, network, me, friend, startTab, openTab, expectEqual } = newEngineTest()))

test('a device with more chats than one request may name tells its own cursor and that of the directory with each request', async () => {
  const chats = Array.from({ length: 9 }, (_, n) => server.newChat([friend, me], 'group', `group ${n}`))
  const tab = await openTab()
  // No frame tells of what happens now.
  server.onChange = () => undefined
  for (const id of chats) server.send(id, friend, 'while I was away')
  server.renamePerson(friend, 'Another name')
  server.read(chats[0]!, me, 2)
  const asked: Map<string, number>[] = []
  const { api, rowReceiver } = tab.live
  await fetchChanges({
    store: tab.store,
    rowReceiver,
    api: { ...api, state: (scopes) => (asked.push(new Map(scopes)), api.state(scopes)) },
    connection: new AbortController().signal,
    onServerTime: () => undefined,
    onPage: () => undefined,
    scopesAtOnce: 4,
  })
  expect(asked).toHaveLength(5)
  for (const scopes of asked) expect(scopes.size).toBeLessThanOrEqual(4)
  expect(asked.map((scopes) => scopes.get(me)! > 0 && scopes.get(DIRECTORY_SCOPE)! > 0)).not.toContain(false)
  // What the first answer has brought is not asked for again.
  expect(new Set(asked.slice(1).map((scopes) => scopes.get(me)))).toEqual(new Set([server.rev(me)]))
  await expectEqual(tab)
})

test('a scope that the server cannot read keeps nobody from the others, and is asked for again later', async () => {
  const [bad] = Array.from({ length: 6 }, (_, n) => server.newChat([friend, me], 'group', `group ${n}`))
  let isBroken = true
  let asked = 0
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      state: async (scopes) => {
        const answer = await api.state(scopes)
        const behind = answer.scopes.filter(({ id }) => id === bad).map(({ id, rev }) => ({ id, rev }))
        return {
          ...answer,
          scopes: answer.scopes.filter(({ id }) => id !== bad),
          behind: [...answer.behind, ...behind],
        }
      },
      scope: async (id, since) => {
        if (id === bad) asked += 1
        if (id === bad && isBroken) throw new AppError('server.error')
        return await api.scope(id, since)
      },
    }),
  })
  network.cut()
  server.send(bad!, friend, 'cannot be read')
  await environment.until('it is online again', () => tab.live.status === 'online')
  await environment.pass(60_000)
  expect(asked).toBeLessThan(15)
  isBroken = false
  await environment.until('it is here', async () => (await tab.bodies(bad!)).includes('cannot be read'))
  await expectEqual(tab)
})

test('while the socket is lost nothing is asked for scope by scope', async () => {
  const chat = server.newChat([friend, me], 'group', 'group')
  let asked = 0
  let isDown = false
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      listen: (events) => {
        if (!isDown) return api.listen(events)
        queueMicrotask(() => events.closed(undefined))
        return { ping: () => Promise.resolve(), close: () => undefined }
      },
      scope: async (id, since) => {
        if (id === chat) asked += 1
        return await api.scope(id, since)
      },
    }),
  })
  isDown = true
  network.cut()
  await environment.quiet()
  asked = 0
  tab.live.rowReceiver.requestScope(chat)
  await environment.pass(60_000)
  expect(asked).toBe(0)
  isDown = false
  await environment.until('it is online again', () => tab.live.status === 'online')
})

test('the time that the server has told to wait is kept when another request fails meanwhile', async () => {
  const [one, two] = [server.newChat([friend, me], 'group', 'one'), server.newChat([friend, me], 'group', 'two')]
  const at: number[] = []
  const hangs = Promise.withResolvers<never>()
  let isBusy = false
  const tab = await startTab({
    wrapApi: (api) => ({
      ...api,
      scope: async (id, since) => {
        if (!isBusy) return await api.scope(id, since)
        if (id === two) return await hangs.promise
        at.push(environment.time)
        if (at.length === 1) throw new AppError('request.too_many', { retryAfterSeconds: 30 })
        return await api.scope(id, since)
      },
    }),
  })
  await environment.until('it is online', () => tab.live.status === 'online')
  isBusy = true
  tab.live.rowReceiver.requestScope(two!)
  tab.live.rowReceiver.requestScope(one!)
  await environment.quiet()
  hangs.reject(new AppError('network.timeout'))
  await environment.pass(60_000)
  expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(30_000)
})

test('people whose names changed while the directory was too far behind have their names, also when the tab ends before they come', async () => {
  const chat = server.newChat([friend, me], 'group', 'group')
  const parts = { indexedDB: new IDBFactory() }
  let mayAnswer = true
  const options = {
    environment: parts,
    wrapApi: (api: LiveApi): LiveApi => ({
      ...api,
      people: (ids) => (mayAnswer ? api.people(ids) : new Promise<never>(() => undefined)),
    }),
  }
  const first = await openTab(options)
  server.send(chat, friend, 'hello')
  await environment.quiet()
  first.kill()
  for (let n = 0; n < 40; n++) server.renamePerson(friend, `Name ${n}`)
  mayAnswer = false
  const second = await startTab(options)
  await environment.quiet()
  second.kill()
  mayAnswer = true
  const third = await openTab(options)
  const name = async () => (await third.store.read((tx) => tx.get('people', friend)))?.name
  await environment.until('the new name is here', async () => (await name()) === 'Name 39')
})
