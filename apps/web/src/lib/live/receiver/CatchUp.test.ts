import { beforeEach, expect, test } from 'vitest'
import { AppError } from '../../api/error.ts'
import { newEngineTest } from '../../test/engine-test.ts'

let { environment, server, network, me, friend, chat, startTab, openTab, expectEqual } = newEngineTest()
beforeEach(
  () => void ({ environment, server, network, me, friend, chat, startTab, openTab, expectEqual } = newEngineTest()),
)

test('the first sync lists every chat with its last message and its unread number, page after page', async () => {
  for (let n = 0; n < 8; n++) {
    const id = server.newChat([friend, me], 'group', `group ${n}`)
    for (let text = 0; text <= n; text++) server.send(id, friend, `text ${text}`)
  }
  const tab = await openTab()
  await expectEqual(tab)
  expect(await tab.store.read((tx) => tx.all('chats'))).toHaveLength(9)
})

test('the newest chats are here, with my membership in each, before anything else is asked for', async () => {
  for (let n = 0; n < 8; n++) server.newChat([friend, me], 'group', `group ${n}`)
  const asked: string[] = []
  const held: number[] = []
  const tab = await startTab({
    wrapApi: (api) => ({
      ...api,
      chats: async (cursor, limit) => {
        asked.push(`page ${cursor} ${limit}`)
        return await api.chats(cursor)
      },
      scope: async (id, since) => {
        asked.push(id === me ? 'my scope' : 'another scope')
        if (id === me) held.push((await tab.store.read((tx) => tx.all('memberships'))).length)
        return await api.scope(id, since)
      },
    }),
  })
  await environment.until('it is online', () => tab.live.status === 'online')
  expect(asked.slice(0, 2)).toEqual(['page null 40', 'page 3 undefined'])
  expect(held[0]).toBeGreaterThanOrEqual(3)
  await expectEqual(tab)
})

test('while the list comes, it is told how many chats of how many are here', async () => {
  for (let n = 0; n < 8; n++) server.newChat([friend, me], 'group', `group ${n}`)
  const told = new Set<string>()
  const tab = await startTab()
  tab.store.on('changed', () => told.add(JSON.stringify(tab.live.listing)))
  await environment.until('it is online', () => tab.live.status === 'online')
  expect([...told].slice(0, 3)).toEqual(['null', '{"listed":3,"of":9}', '{"listed":6,"of":9}'])
  expect(tab.live.listing).toBeNull()
})

test.each(['chats', 'state', 'scope'] as const)(
  'after a refused request for %s the next one waits as long as the server has told',
  async (name) => {
    const at: number[] = []
    const tab = await startTab({
      wrapApi: (api) => ({
        ...api,
        [name]: async (...input: never[]) => {
          at.push(environment.time)
          if (at.length === 1) throw new AppError('request.too_many', { retryAfterSeconds: 30 })
          return await (api[name] as (...given: never[]) => Promise<unknown>)(...input)
        },
      }),
    })
    await environment.until('it is online', () => tab.live.status === 'online')
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(30_000)
    expect(at[1]! - at[0]!).toBeLessThan(45_000)
    await expectEqual(tab)
  },
)

test('a first sync that was interrupted continues with the page that failed', async () => {
  for (let n = 0; n < 8; n++) server.newChat([friend, me], 'group', `group ${n}`)
  const asked: (string | null)[] = []
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      chats: async (cursor) => {
        asked.push(cursor)
        if (asked.length === 2) throw new AppError('network.unreachable')
        return await api.chats(cursor)
      },
    }),
  })
  expect(asked).toEqual([null, '3', '3', '6'])
  await expectEqual(tab)
})

test('a message that comes during the first sync is not missed', async () => {
  let pages = 0
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      chats: async (cursor) => {
        const page = await api.chats(cursor)
        if (pages++ === 0) server.send(chat, friend, 'in between')
        return page
      },
    }),
  })
  expect(await tab.bodies(chat)).toContain('in between')
  await expectEqual(tab)
})

test.each([1, 2])(
  'a chat that another device reads during the first sync, before request %i, has the unread number of the server',
  async (before) => {
    for (let n = 0; n < 12; n++) server.send(chat, friend, `text ${n}`)
    let calls = 0
    const readElsewhere = async () => {
      if (calls++ === before) server.read(chat, me, 5)
    }
    const tab = await openTab({ faults: { before: readElsewhere } })
    await environment.pass(30_000)
    await expectEqual(tab)
  },
)

test('a hello in the middle of a connection starts a catch-up', async () => {
  const tab = await openTab()
  server.onChange = () => undefined
  server.send(chat, friend, 'never told')
  network.hello()
  await environment.until('it is there', async () => (await tab.bodies(chat)).includes('never told'))
})
