import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import fc from 'fast-check'
import { newId, type ClientId, type ChatId, type UserId } from '@veche/shared/ids'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError, type AppErrorCode } from '../api/error.ts'
import { Model } from '../test/model.ts'
import { Tab, type TabOptions } from '../test/tab.ts'
import { Wire } from '../test/wire.ts'
import { channels, TestWorld } from '../test/world.ts'

let world: TestWorld
let model: Model
let wire: Wire
let me: UserId
let chat: ChatId
let other: ChatId
let tabs: Tab[]

beforeEach(() => {
  world = new TestWorld()
  model = new Model()
  wire = new Wire(model)
  me = model.newPerson('Me')
  const friend = model.newPerson('Friend')
  chat = model.newChat([me, friend])
  other = model.newChat([me, friend], 'direct')
  tabs = []
})

afterEach(() => {
  for (const tab of tabs) tab.kill()
})

async function open(options: TabOptions = {}): Promise<Tab> {
  const tab = await Tab.open(world, wire, me, options)
  tabs.push(tab)
  await world.until('the tab is online', () => tab.live.status === 'online' || !world.online)
  return tab
}

function onServer(id: ChatId): (string | null)[] {
  return model.visible(id, me).flatMap((row) => (row.kind === 'text' ? row.body : []))
}

function failing(codes: AppErrorCode[]): TabOptions {
  const rest = [...codes]
  return {
    through: (api) => ({
      ...api,
      send: async (message) => {
        const code = rest.shift()
        if (code) throw new AppError(code)
        return await api.send(message)
      },
    }),
  }
}

test('what is composed offline goes out in the order of composing once the network is back', async () => {
  const tab = await open()
  world.setOnline(false)
  for (const text of ['one', 'two', 'three']) await tab.live.outbox.add(chat, text)
  await world.pass(120_000)
  expect([onServer(chat), await tab.live.outbox.count()]).toEqual([[], 3])
  world.setOnline(true)
  await world.until('all is sent', async () => (await tab.live.outbox.count()) === 0)
  expect(onServer(chat)).toEqual(['one', 'two', 'three'])
})

test('a message whose answer was lost is stored once', async () => {
  let lost = 0
  const after = async () => {
    if (lost++ < 4) throw new AppError('network.unreachable')
  }
  const tab = await open({
    through: (api) => ({ ...api, send: async (message) => await api.send(message).finally(after) }),
  })
  await tab.live.outbox.add(chat, 'once')
  await world.until('it is sent', async () => (await tab.live.outbox.count()) === 0)
  expect(onServer(chat)).toEqual(['once'])
})

test.each<AppErrorCode>([
  'server.error',
  'server.unavailable',
  'server.disk_full',
  'network.timeout',
  'request.too_many',
])('%s is tried again under the same key until it is stored', async (code) => {
  const tab = await open(failing([code, code, code]))
  const clientId = await tab.live.outbox.add(chat, 'patient')
  await world.until('it is sent', async () => (await tab.live.outbox.count()) === 0)
  expect(model.visible(chat, me).at(-1)?.clientId).toBe(clientId)
})

describe('a definite refusal', () => {
  const refusals: AppErrorCode[] = [
    'chat.forbidden',
    'chat.not_found',
    'message.conflict',
    'message.too_long',
    'message.client_id_expired',
  ]
  test.each(refusals)('%s is kept as failed, and what was composed after it is sent', async (code) => {
    const tab = await open(failing([code]))
    await tab.live.outbox.add(chat, 'refused')
    await tab.live.outbox.add(chat, 'next')
    await world.until('the next is sent', () => onServer(chat).includes('next'))
    const [item] = await tab.store.read((tx) => tx.all('outbox'))
    expect([item?.body, item?.refusal, onServer(chat)]).toEqual(['refused', code, ['next']])
  })

  test('is sent after all by Resend, under a new key when the old one is spent', async () => {
    const tab = await open(failing(['message.conflict']))
    const clientId = await tab.live.outbox.add(chat, 'again')
    await world.until(
      'it is refused',
      async () => (await tab.store.read((tx) => tx.get('outbox', clientId)))?.refusal != null,
    )
    await tab.live.outbox.resend(clientId)
    await world.until('it is sent', () => onServer(chat).includes('again'))
    expect(model.visible(chat, me).at(-1)?.clientId).not.toBe(clientId)
  })

  test('is forgotten by Cancel, which does nothing to what may be on its way', async () => {
    const tab = await open(failing(['chat.forbidden']))
    const refused = await tab.live.outbox.add(chat, 'refused')
    await world.until(
      'it is refused',
      async () => (await tab.store.read((tx) => tx.get('outbox', refused)))?.refusal != null,
    )
    world.setOnline(false)
    const waiting = await tab.live.outbox.add(chat, 'waiting')
    await tab.live.outbox.cancel(refused)
    await tab.live.outbox.cancel(waiting)
    expect((await tab.store.read((tx) => tx.all('outbox'))).map((item) => item.clientId)).toEqual([waiting])
  })
})

test('a chat that cannot be sent to does not hold up another', async () => {
  const hang = Promise.withResolvers<never>()
  const tab = await open({
    through: (api) => ({ ...api, send: (message) => (message.chatId === chat ? hang.promise : api.send(message)) }),
  })
  await tab.live.outbox.add(chat, 'stuck')
  await tab.live.outbox.add(other, 'free')
  await world.until('the other is sent', () => onServer(other).includes('free'))
  expect(onServer(chat)).toEqual([])
})

test('an own message is shown exactly once at every moment, whichever of the answer and the frame comes first', async () => {
  for (const first of ['answer', 'frame'] as const) {
    const answers = Promise.withResolvers<void>()
    const shown: number[] = []
    const own: { clientId?: ClientId } = {}
    const tab = await open({
      device: first,
      through: (api) => ({
        ...api,
        send: async (message) => {
          const answer = await api.send(message)
          if (first === 'frame') await answers.promise
          return answer
        },
      }),
    })
    tab.store.on('changed', () => {
      void tab.store.read(async (tx) => {
        const rows = (await tx.messages(chat, 0, Infinity)).filter((row) => row.clientId === own.clientId)
        if (own.clientId) shown.push(rows.length + Number((await tx.get('outbox', own.clientId)) !== undefined))
      })
    })
    if (first === 'answer') wire.model.onChange = () => undefined
    own.clientId = await tab.live.outbox.add(chat, first)
    await world.until('it is there', async () => (await tab.bodies(chat)).includes(first))
    answers.resolve()
    wire.model.onChange = () => wire.flush()
    wire.flush()
    await world.quiet()
    expect(new Set(shown)).toEqual(new Set([1]))
  }
})

test('what a killed tab left is sent by the next start, once', async () => {
  const kept = { indexedDB: new IDBFactory() }
  const dies: { tab?: Tab } = {}
  dies.tab = await open({
    world: kept,
    through: (api) => ({
      ...api,
      send: async (message) => {
        await api.send(message)
        dies.tab?.kill()
        return await new Promise<never>(() => undefined)
      },
    }),
  })
  for (const text of ['one', 'two', 'three']) await dies.tab.live.outbox.add(chat, text)
  await world.quiet()
  expect(onServer(chat)).toEqual(['one'])
  const next = await open({ world: kept })
  await world.until('all is sent', async () => (await next.live.outbox.count()) === 0)
  expect(onServer(chat)).toEqual(['one', 'two', 'three'])
})

describe('two tabs', () => {
  const shared = () => ({ indexedDB: new IDBFactory(), channel: channels(), locks: navigator.locks })

  test('send each message by one of them', async () => {
    const parts = shared()
    let calls = 0
    const counting: TabOptions = {
      world: parts,
      through: (api) => ({
        ...api,
        send: async (message) => {
          calls += 1
          return await api.send(message)
        },
      }),
    }
    const [one, two] = [await open(counting), await open(counting)]
    for (let n = 0; n < 10; n++) await (n % 2 ? one : two).live.outbox.add(chat, `text ${n}`)
    await world.until('all is sent', async () => (await one.live.outbox.count()) === 0)
    expect(calls).toBe(10)
    expect(onServer(chat)).toEqual(Array.from({ length: 10 }, (_, n) => `text ${n}`))
  })

  test('hand the outbox on after five seconds when the one that had it is frozen', async () => {
    const parts = shared()
    const frozen = await Tab.open(world, wire, me, {
      // A frozen tab's timers stand still and its calls hang.
      world: { ...parts, after: () => () => undefined },
      through: (api) => ({ ...api, send: () => new Promise<never>(() => undefined) }),
    })
    tabs.push(frozen)
    await frozen.live.outbox.add(chat, 'one')
    await world.quiet()
    const next = await open({ world: parts })
    await next.live.outbox.add(chat, 'two')
    const before = world.time
    await world.until('all is sent', async () => (await next.live.outbox.count()) === 0)
    expect(world.time - before).toBeLessThanOrEqual(6_000)
    expect(onServer(chat)).toEqual(['one', 'two'])
  })

  test('do not take the outbox from one that is alive and only waits for the server', async () => {
    const parts = shared()
    const calls = { one: 0, two: 0 }
    const away = (name: keyof typeof calls): TabOptions => ({
      world: parts,
      through: (api) => ({
        ...api,
        send: async () => {
          calls[name] += 1
          throw new AppError('network.unreachable')
        },
      }),
    })
    const one = await open(away('one'))
    await one.live.outbox.add(chat, 'waits')
    await world.quiet()
    await open(away('two'))
    await world.pass(60_000)
    expect(calls.two).toBe(0)
    expect(calls.one).toBeGreaterThan(2)
  })
})

test('signing out can ask how many messages only this device has', async () => {
  const tab = await open(failing(['chat.forbidden']))
  await tab.live.outbox.add(chat, 'refused')
  await world.quiet()
  world.setOnline(false)
  await tab.live.outbox.add(chat, 'waiting')
  expect(await tab.live.outbox.count()).toBe(2)
})

test('an answer that says the session is over stops the outbox and keeps what is in it', async () => {
  const kept = { indexedDB: new IDBFactory() }
  const tab = await open({ ...failing(['auth.required']), world: kept })
  await tab.live.outbox.add(chat, 'kept')
  await world.until('the session is told', () => tab.signedOut > 0)
  tab.kill()
  const next = await open({ world: kept })
  await world.until('it is sent', () => onServer(chat).includes('kept'))
  expect(next.signedOut).toBe(0)
})

test('client ids are made with the time of the server, however wrong the clock of the device is', async () => {
  world.time = Date.parse('2001-01-01T00:00:00Z')
  const tab = await open()
  const clientId = await tab.live.outbox.add(chat, 'now')
  expect(clientId.slice(0, 8)).toBe(newId(model.now).slice(0, 8))
})

test('whatever is lost, killed and repeated: each message is stored once and in the order of composing', async () => {
  const plan = fc.array(
    fc.record({
      act: fc.constantFrom('add', 'add', 'add', 'kill', 'offline', 'online', 'cut', 'pass'),
      to: fc.nat(1),
      tab: fc.nat(1),
    }),
    { maxLength: 30, size: 'max' },
  )
  const law = fc.asyncProperty(plan, fc.infiniteStream(fc.nat(9)), async (steps, luck) => {
    const parts = { indexedDB: new IDBFactory(), channel: channels(), locks: navigator.locks }
    const start = { [chat]: onServer(chat).length, [other]: onServer(other).length }
    const unlucky = async () => {
      if ((luck.next().value as number) < 3) throw new AppError('network.unreachable')
    }
    const options: TabOptions = {
      world: parts,
      device: `run ${Math.random()}`,
      through: (api) => ({
        ...api,
        send: async (message) => {
          await unlucky()
          return await api.send(message).finally(unlucky)
        },
      }),
    }
    const written: Record<string, string[]> = { [chat]: [], [other]: [] }
    const both = [await open(options), await open(options)]
    for (const { act, to, tab } of steps) {
      const id = to ? other : chat
      if (act === 'add') {
        const text = `text ${written[id]?.length}`
        await both[tab]?.live.outbox.add(id, text)
        written[id]?.push(text)
      } else if (act === 'kill') {
        both[tab]?.kill()
        both[tab] = await open(options)
      } else if (act === 'cut') wire.cut()
      else if (act === 'pass') await world.pass(1_000)
      else world.setOnline(act === 'online')
    }
    world.setOnline(true)
    await world.until('all is sent', async () => (await both[0]?.live.outbox.count()) === 0)
    for (const id of [chat, other]) expect(onServer(id).slice(start[id])).toEqual(written[id])
    for (const tab of both) tab.kill()
  })
  await fc.assert(law, { numRuns: 25 })
}, 120_000)
