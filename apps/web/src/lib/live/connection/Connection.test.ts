import { beforeEach, expect, test } from 'vitest'
import { AppError } from '../../api/error.ts'
import { newEngineTest } from '../../test/engine-test.ts'
import type { LiveApi } from './live-api.ts'

let { environment, server, network, friend, chat, startTab, openTab } = newEngineTest()
beforeEach(() => void ({ environment, server, network, friend, chat, startTab, openTab } = newEngineTest()))

test('the status tells connecting, catching up, online, offline, and a server that is away', async () => {
  const seen = new Set<string>()
  let refuse = false
  const wrapApi = (api: LiveApi): LiveApi => ({
    ...api,
    listen: (events) => {
      if (!refuse) return api.listen(events)
      queueMicrotask(() => events.closed(undefined))
      return { ping: () => Promise.resolve(), close: () => undefined }
    },
  })
  const tab = await startTab({ wrapApi })
  seen.add(tab.live.status)
  tab.store.on('changed', () => seen.add(tab.live.status))
  await environment.until('it is online', () => tab.live.status === 'online')
  expect([...seen]).toEqual(['connecting', 'catching-up'])
  refuse = true
  network.cut()
  await environment.until('the server is unreachable', () => tab.live.status === 'unreachable')
  environment.setOnline(false)
  await environment.until('it is offline', () => tab.live.status === 'offline')
  refuse = false
  environment.setOnline(true)
  await environment.until('it is online again', () => tab.live.status === 'online')
})

test('a lost connection is tried again within three seconds, with growing pauses while the server is unreachable', async () => {
  const tries: number[] = []
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      listen: (events) => {
        tries.push(environment.time)
        if (tries.length === 1) return api.listen(events)
        queueMicrotask(() => events.closed(undefined))
        return { ping: () => Promise.resolve(), close: () => undefined }
      },
    }),
  })
  network.cut()
  await environment.pass(60_000)
  const gaps = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
  expect(gaps[0]).toBeLessThanOrEqual(3_000)
  expect(gaps.slice(1, 4)).toEqual([3_000, 6_000, 7_500])
  expect(tab.live.status).toBe('unreachable')
})

test('a socket that does not answer within three seconds of waking up is replaced', async () => {
  let opened = 0
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      listen: (events) => {
        opened += 1
        const socket = api.listen(events)
        return opened === 1 ? { ...socket, ping: () => new Promise(() => undefined) } : socket
      },
    }),
  })
  environment.wake()
  await environment.pass(2_900)
  expect(opened).toBe(1)
  await environment.pass(200)
  expect(opened).toBe(2)
  await environment.until('it is online again', () => tab.live.status === 'online')
  environment.wake()
  await environment.pass(10_000)
  expect(opened).toBe(2)
})

test('a socket whose server hangs is replaced within twenty seconds, and one that answers is kept', async () => {
  let opened = 0
  let hangs = false
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      listen: (events) => {
        opened += 1
        if (hangs) return { ping: () => new Promise(() => undefined), close: () => undefined }
        const socket = api.listen(events)
        return { ...socket, ping: () => (hangs ? new Promise(() => undefined) : socket.ping()) }
      },
    }),
  })
  await environment.pass(120_000)
  expect(opened).toBe(1)
  hangs = true
  await environment.pass(20_000)
  expect(opened).toBe(2)
  expect(tab.live.status).toBe('connecting')
  await environment.pass(11_000)
  expect(tab.live.status).toBe('unreachable')
})

test('an answer that hangs on a lost connection does not hold back the frames of the next one', async () => {
  let asked = 0
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      state: (scopes) => (asked++ === 1 ? new Promise(() => undefined) : api.state(scopes)),
    }),
  })
  network.cut()
  await environment.until('it hangs', () => asked === 2)
  network.cut()
  server.send(chat, friend, 'new')
  await environment.until('it is there', async () => (await tab.bodies(chat)).includes('new'))
})

test('the session ends when the live stream or any query answers that it is over', async () => {
  const tab = await openTab()
  network.cut(new AppError('auth.required'))
  await environment.quiet()
  expect(tab.signedOut).toBe(1)
  const refused = await startTab({
    device: 'refused',
    wrapApi: (api) => ({
      ...api,
      scope: () => Promise.reject(new AppError('auth.required')),
      listen: (events) => {
        queueMicrotask(() => events.closed(undefined))
        return { ping: () => Promise.resolve(), close: () => undefined }
      },
    }),
  })
  await environment.until('the session is told', () => refused.signedOut > 0)
})
