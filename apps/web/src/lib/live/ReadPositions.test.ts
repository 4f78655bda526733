import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, expect, test } from 'vitest'
import { AppError } from '../api/error.ts'
import { newEngineTest } from '../test/engine-test.ts'
import type { LiveApi } from './connection/live-api.ts'

let { environment, server, me, friend, chat, openTab } = newEngineTest()
beforeEach(() => void ({ environment, server, me, friend, chat, openTab } = newEngineTest()))

test('reading changes the unread number at once, and is reported at most once a second', async () => {
  const told: number[] = []
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      read: async (id, seq) => {
        told.push(seq)
        return await api.read(id, seq)
      },
    }),
  })
  for (let n = 0; n < 10; n++) server.send(chat, friend, `text ${n}`)
  await environment.quiet()
  expect((await tab.chat(chat))?.unread).toBe(10)
  for (let seq = 2; seq <= 11; seq++) await tab.live.readPositions.markRead(chat, seq)
  expect((await tab.chat(chat))?.unread).toBe(0)
  await environment.pass(3_000)
  expect(told.length).toBeLessThanOrEqual(2)
  expect(server.unread(chat, me)).toBe(0)
})

test('a read position that was reached offline is reported after a restart', async () => {
  const kept = { indexedDB: new IDBFactory() }
  const cannot = (api: LiveApi): LiveApi => ({
    ...api,
    read: () => Promise.reject(new AppError('network.unreachable')),
  })
  const tab = await openTab({ environment: kept, wrapApi: cannot })
  server.send(chat, friend, 'text')
  await environment.quiet()
  await tab.live.readPositions.markRead(chat, 2)
  await environment.quiet()
  tab.kill()
  expect(server.unread(chat, me)).toBe(1)
  const next = await openTab({ environment: kept })
  await environment.until('the server knows', () => server.unread(chat, me) === 0)
  expect((await next.chat(chat))?.unread).toBe(0)
})

test('reading on another device changes the unread number here', async () => {
  const tab = await openTab()
  for (let n = 0; n < 3; n++) server.send(chat, friend, `text ${n}`)
  await environment.until('they are here', async () => (await tab.chat(chat))?.unread === 3)
  server.read(chat, me, 3)
  await environment.until('the number follows', async () => (await tab.chat(chat))?.unread === 1)
})

test('a direct message is reported as delivered, and a group message is not', async () => {
  const direct = server.newChat([friend, me], 'direct')
  const told: number[] = []
  await openTab({
    wrapApi: (api) => ({
      ...api,
      delivered: async (id, seq) => {
        if (id === direct) told.push(seq)
        return await api.delivered(id, seq)
      },
    }),
  })
  server.send(direct, friend, 'hello')
  server.send(chat, friend, 'in a group')
  await environment.pass(2_000)
  expect(told).toEqual([1])
})

test('a read position whose report is lost is reported again while the socket stays open', async () => {
  for (let n = 0; n < 3; n++) server.send(chat, friend, `text ${n}`)
  const told: number[] = []
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      read: async (id, seq) => {
        told.push(environment.time)
        if (told.length < 4) throw new AppError('network.unreachable')
        return await api.read(id, seq)
      },
    }),
  })
  await tab.live.readPositions.markRead(chat, 3)
  await environment.until('it has been told', () => told.length === 4)
  await environment.quiet()
  expect(await tab.chat(chat)).toMatchObject({ membership: { readSeq: 3 }, unread: 1, needsRecount: false })
  const pauses = told.slice(1).map((at, n) => at - told[n]!)
  expect(pauses).toEqual([1_000, 2_000, 4_000])
})

test('a delivery whose report is lost is reported again', async () => {
  let tries = 0
  const direct = server.newChat([friend, me], 'direct')
  await openTab({
    wrapApi: (api) => ({
      ...api,
      delivered: async (id, seq) => {
        tries += 1
        if (tries === 1) throw new AppError('server.unavailable')
        return await api.delivered(id, seq)
      },
    }),
  })
  server.send(direct, friend, 'hello')
  await environment.until('it has been told twice', () => tries === 2)
})

test('a read position that the server refuses for good is reported once', async () => {
  for (let n = 0; n < 3; n++) server.send(chat, friend, `text ${n}`)
  let tries = 0
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      read: () => {
        tries += 1
        return Promise.reject(new AppError('chat.not_found'))
      },
    }),
  })
  await tab.live.readPositions.markRead(chat, 3)
  await environment.pass(60_000)
  expect(tries).toBe(1)
})
