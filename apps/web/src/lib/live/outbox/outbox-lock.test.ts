import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, expect, test } from 'vitest'
import { AppError } from '../../api/error.ts'
import { newEngineTest } from '../../test/engine-test.ts'
import { newBroadcastChannels } from '../../test/TestEnvironment.ts'
import type { TestTabOptions } from '../../test/TestTab.ts'

let { environment, chat, startTab, openTab, textsOnServer } = newEngineTest()
beforeEach(() => void ({ environment, chat, startTab, openTab, textsOnServer } = newEngineTest()))

const shared = () => ({ indexedDB: new IDBFactory(), channel: newBroadcastChannels(), locks: navigator.locks })

test('of two tabs one sends each message', async () => {
  const parts = shared()
  let calls = 0
  const counting: TestTabOptions = {
    environment: parts,
    wrapApi: (api) => ({
      ...api,
      send: async (message) => {
        calls += 1
        return await api.send(message)
      },
    }),
  }
  const [one, two] = [await openTab(counting), await openTab(counting)]
  for (let n = 0; n < 10; n++) await (n % 2 ? one : two).live.outbox.addMessage(chat, `text ${n}`)
  await environment.until('all is sent', async () => (await one.live.outbox.countMessages()) === 0)
  expect(calls).toBe(10)
  expect(textsOnServer(chat)).toEqual(Array.from({ length: 10 }, (_, n) => `text ${n}`))
})

test('a tab takes the outbox over from a frozen tab after five seconds', async () => {
  const parts = shared()
  const frozen = await startTab({
    // A frozen tab's timers stand still and its calls hang.
    environment: { ...parts, after: () => () => undefined },
    wrapApi: (api) => ({ ...api, send: () => new Promise<never>(() => undefined) }),
  })
  await frozen.live.outbox.addMessage(chat, 'one')
  await environment.quiet()
  const next = await openTab({ environment: parts })
  await next.live.outbox.addMessage(chat, 'two')
  const before = environment.time
  await environment.until('all is sent', async () => (await next.live.outbox.countMessages()) === 0)
  expect(environment.time - before).toBeLessThanOrEqual(6_000)
  expect(textsOnServer(chat)).toEqual(['one', 'two'])
})

test('a tab does not take the outbox from one that is alive and waits for the server', async () => {
  const parts = shared()
  const calls = { one: 0, two: 0 }
  const away = (name: keyof typeof calls): TestTabOptions => ({
    environment: parts,
    wrapApi: (api) => ({
      ...api,
      send: async () => {
        calls[name] += 1
        throw new AppError('network.unreachable')
      },
    }),
  })
  const one = await openTab(away('one'))
  await one.live.outbox.addMessage(chat, 'waits')
  await environment.quiet()
  await openTab(away('two'))
  await environment.pass(60_000)
  expect(calls.two).toBe(0)
  expect(calls.one).toBeGreaterThan(2)
})
