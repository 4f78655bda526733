import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import fc from 'fast-check'
import { type ChatId, type UserId } from '@veche/shared/ids'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../api/error.ts'
import type { LiveApi } from './api.ts'
import { Model } from '../test/model.ts'
import { Tab, type TabOptions } from '../test/tab.ts'
import { Wire } from '../test/wire.ts'
import { channels, TestWorld } from '../test/world.ts'

let world: TestWorld
let model: Model
let wire: Wire
let me: UserId
let friend: UserId
let chat: ChatId
let tabs: Tab[]

beforeEach(() => {
  world = new TestWorld()
  model = new Model()
  wire = new Wire(model)
  me = model.newPerson('Me')
  friend = model.newPerson('Friend')
  chat = model.newChat([friend, me])
  tabs = []
})

afterEach(() => {
  for (const tab of tabs) tab.kill()
})

async function open(options: TabOptions = {}): Promise<Tab> {
  const tab = await Tab.open(world, wire, me, options)
  tabs.push(tab)
  await world.until('the tab is online', () => tab.live.status === 'online')
  return tab
}

async function expectEqual(tab: Tab): Promise<void> {
  for (const row of model.membershipsOf(me)) {
    const held = await tab.chat(row.chatId)
    if (row.leftAt !== null) {
      expect(held).toBeUndefined()
      continue
    }
    const server = model.chats.get(row.chatId)
    expect(held).toMatchObject({ chat: server?.row, membership: row, rev: server?.rev, doubt: false })
    expect(held?.unread).toBe(model.unread(row.chatId, me))
    expect(held?.messages.at(-1)).toEqual(model.visible(row.chatId, me).at(-1))
  }
}

test('the first sync lists every chat with its last message and its unread number, page after page', async () => {
  for (let n = 0; n < 8; n++) {
    const id = model.newChat([friend, me], 'group', `group ${n}`)
    for (let text = 0; text <= n; text++) model.send(id, friend, `text ${text}`)
  }
  const tab = await open()
  await expectEqual(tab)
  expect(await tab.store.read((tx) => tx.all('chats'))).toHaveLength(9)
})

test('a first sync that was broken off goes on where it stopped', async () => {
  for (let n = 0; n < 8; n++) model.newChat([friend, me], 'group', `group ${n}`)
  const asked: (string | null)[] = []
  const tab = await open({
    through: (api) => ({
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

test('what happens while the list is read for the first time is not missed', async () => {
  let pages = 0
  const tab = await open({
    through: (api) => ({
      ...api,
      chats: async (cursor) => {
        const page = await api.chats(cursor)
        if (pages++ === 0) model.send(chat, friend, 'in between')
        return page
      },
    }),
  })
  expect(await tab.bodies(chat)).toContain('in between')
  await expectEqual(tab)
})

test('frames that arrive during a fetch of their scope wait for it', async () => {
  const seen: number[] = []
  const gate = Promise.withResolvers<void>()
  const tab = await open({
    through: (api) => ({
      ...api,
      history: async (ask) => {
        const page = await api.history(ask)
        await gate.promise
        return page
      },
    }),
  })
  const rev = async () => seen.push((await tab.chat(chat))?.rev ?? 0)
  await rev()
  const fetched = tab.live.fetchHistory({ chatId: chat, before: 2, limit: 10 })
  model.send(chat, friend, 'during')
  await world.quiet()
  await rev()
  gate.resolve()
  await fetched
  await world.quiet()
  await rev()
  expect(seen).toEqual([1, 1, 2])
})

test('a frame that does not connect makes the client ask, and nothing is missed', async () => {
  const tab = await open()
  const push = wire.flush.bind(wire)
  model.onChange = () => undefined
  model.send(chat, friend, 'not told')
  wire.forgetSent(chat)
  model.send(chat, friend, 'told')
  push()
  await world.until('both are there', async () => (await tab.bodies(chat)).length === 2)
  await expectEqual(tab)
})

test('hello in the middle of a connection makes it catch up', async () => {
  const tab = await open()
  model.onChange = () => undefined
  model.send(chat, friend, 'never told')
  wire.hello()
  await world.until('it is there', async () => (await tab.bodies(chat)).includes('never told'))
})

test('who is removed keeps nothing: no chat, no message, no draft, nothing to send', async () => {
  const tab = await open()
  model.send(chat, friend, 'secret')
  await world.quiet()
  await tab.store.merge(async (merge) => merge.tx.put('drafts', { chatId: chat, body: 'a draft', at: 0 }))
  world.setOnline(false)
  await tab.live.outbox.add(chat, 'unsent')
  model.removeMember(chat, me)
  model.send(chat, friend, 'after the removal')
  await world.quiet()
  const left = await tab.store.read(async (tx) => [
    await tx.get('scopes', chat),
    await tx.get('chats', chat),
    await tx.get('drafts', chat),
    ...(await tx.messages(chat, 0, Infinity)),
    ...(await tx.all('outbox')),
  ])
  expect(left).toEqual([undefined, undefined, undefined])
})

test('who is added again while away sees what is theirs to see now', async () => {
  const tab = await open()
  for (let n = 0; n < 6; n++) model.send(chat, friend, `old ${n}`)
  await world.quiet()
  model.configure(chat, false)
  await world.quiet()
  wire.cut()
  model.removeMember(chat, me)
  model.send(chat, friend, 'while I was out')
  model.addMember(chat, me)
  model.send(chat, friend, 'new')
  await world.until('it is online again', () => tab.live.status === 'online')
  expect(await tab.bodies(chat)).toEqual(['new'])
  await expectEqual(tab)
})

test('after a gap that is too large the newest page takes the place of what was held', async () => {
  const tab = await open()
  await world.quiet()
  wire.cut()
  for (let n = 0; n < 60; n++) model.send(chat, friend, `text ${n}`)
  model.edit(chat, 3, 'edited')
  await world.until('it is online again', () => tab.live.status === 'online')
  expect((await tab.chat(chat))?.ranges).toEqual([[57, 61]])
  await expectEqual(tab)
})

test('a server whose database was restored is believed, although its revisions begin again lower', async () => {
  const tab = await open()
  model.send(chat, friend, 'before the backup')
  await world.quiet()
  const restore = model.backup()
  const lost = model.newChat([friend, me], 'group', 'lost')
  for (let n = 0; n < 5; n++) model.send(chat, friend, `lost ${n}`)
  model.read(chat, me, 4)
  model.renamePerson(friend, 'Lost name')
  await world.until('all of it is here', async () => (await tab.bodies(chat)).length === 6)
  await world.quiet()
  restore()
  model.send(chat, friend, 'after')
  wire.cut()
  await world.until('it is online again', () => tab.live.status === 'online')
  await world.until('it is believed', async () => (await tab.bodies(chat)).at(-1) === 'after')
  await world.quiet()
  expect(await tab.bodies(chat)).toEqual(['before the backup', 'after'])
  expect(await tab.chat(lost)).toBeUndefined()
  expect((await tab.store.read((tx) => tx.get('people', friend)))?.name).toBe('Friend')
  await expectEqual(tab)
})

test('history older than what took its place is fetched again', async () => {
  let pages = 0
  const gate = Promise.withResolvers<void>()
  const tab = await open({
    through: (api) => ({
      ...api,
      history: async (ask) => {
        const page = await api.history(ask)
        if (pages++ === 0) await gate.promise
        return page
      },
    }),
  })
  for (let n = 0; n < 20; n++) model.send(chat, friend, `text ${n}`)
  await world.quiet()
  const fetched = tab.live.fetchHistory({ chatId: chat, before: 5, limit: 3 })
  await world.quiet()
  model.edit(chat, 3, 'edited')
  for (let n = 0; n < 60; n++) model.send(chat, friend, `more ${n}`)
  wire.cut()
  const other = await open({ device: 'another' })
  other.kill()
  await world.until('it is online again', () => tab.live.status === 'online')
  gate.resolve()
  await fetched
  expect((await tab.chat(chat))?.messages.find((row) => row.seq === 3)?.body).toBe('edited')
})

test('the people that are met are known by name, and a change of name reaches those that were met', async () => {
  const tab = await open()
  const stranger = model.newPerson('Stranger')
  await world.quiet()
  expect(await tab.store.read((tx) => tx.get('people', stranger))).toBeUndefined()
  model.addMember(chat, stranger)
  model.send(chat, stranger, 'hello')
  await world.until(
    'they are met',
    async () => (await tab.store.read((tx) => tx.get('people', stranger)))?.name === 'Stranger',
  )
  model.renamePerson(stranger, 'Friend of all')
  await world.until(
    'it is heard',
    async () => (await tab.store.read((tx) => tx.get('people', stranger)))?.name === 'Friend of all',
  )
})

describe('the connection', () => {
  test('says that it is connecting, catching up, online, offline, or that the server is away', async () => {
    const seen = new Set<string>()
    let refuse = false
    const through = (api: LiveApi): LiveApi => ({
      ...api,
      listen: (events) => {
        if (!refuse) return api.listen(events)
        queueMicrotask(() => events.closed(undefined))
        return { ping: () => Promise.resolve(), close: () => undefined }
      },
    })
    const tab = await Tab.open(world, wire, me, { through })
    tabs.push(tab)
    seen.add(tab.live.status)
    tab.store.on('changed', () => seen.add(tab.live.status))
    await world.until('it is online', () => tab.live.status === 'online')
    expect([...seen]).toEqual(['connecting', 'catching-up'])
    refuse = true
    wire.cut()
    await world.until('the server is away', () => tab.live.status === 'away')
    world.setOnline(false)
    await world.until('it is offline', () => tab.live.status === 'offline')
    refuse = false
    world.setOnline(true)
    await world.until('it is online again', () => tab.live.status === 'online')
  })

  test('comes back within three seconds after it was lost, later and later while the server is away', async () => {
    const tries: number[] = []
    const tab = await open({
      through: (api) => ({
        ...api,
        listen: (events) => {
          tries.push(world.time)
          if (tries.length === 1) return api.listen(events)
          queueMicrotask(() => events.closed(undefined))
          return { ping: () => Promise.resolve(), close: () => undefined }
        },
      }),
    })
    wire.cut()
    await world.pass(60_000)
    const gaps = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
    expect(gaps[0]).toBeLessThanOrEqual(3_000)
    expect(gaps.slice(1, 4)).toEqual([3_000, 6_000, 7_500])
    expect(tab.live.status).toBe('away')
  })

  test('drops a socket that does not answer within three seconds of waking up', async () => {
    let opened = 0
    const tab = await open({
      through: (api) => ({
        ...api,
        listen: (events) => {
          opened += 1
          const socket = api.listen(events)
          return opened === 1 ? { ...socket, ping: () => new Promise(() => undefined) } : socket
        },
      }),
    })
    world.wake()
    await world.pass(2_900)
    expect(opened).toBe(1)
    await world.pass(200)
    expect(opened).toBe(2)
    await world.until('it is online again', () => tab.live.status === 'online')
    world.wake()
    await world.pass(10_000)
    expect(opened).toBe(2)
  })

  test('an answer that hangs on the old network does not hold up what the new one brings', async () => {
    let asked = 0
    const tab = await open({
      through: (api) => ({
        ...api,
        state: (scopes) => (asked++ === 1 ? new Promise(() => undefined) : api.state(scopes)),
      }),
    })
    wire.cut()
    await world.until('it hangs', () => asked === 2)
    wire.cut()
    model.send(chat, friend, 'new')
    await world.until('it is there', async () => (await tab.bodies(chat)).includes('new'))
  })

  test('tells the session when the stream, or any question, is answered that it is over', async () => {
    const tab = await open()
    wire.cut(new AppError('auth.required'))
    await world.quiet()
    expect(tab.signedOut).toBe(1)
    const refused = await Tab.open(world, wire, me, {
      device: 'refused',
      through: (api) => ({
        ...api,
        scope: () => Promise.reject(new AppError('auth.required')),
        listen: (events) => {
          queueMicrotask(() => events.closed(undefined))
          return { ping: () => Promise.resolve(), close: () => undefined }
        },
      }),
    })
    tabs.push(refused)
    await world.until('the session is told', () => refused.signedOut > 0)
  })
})

describe('reading', () => {
  test('moves the number at once, and tells the server at most once a second', async () => {
    const told: number[] = []
    const tab = await open({
      through: (api) => ({
        ...api,
        read: async (id, seq) => {
          told.push(seq)
          return await api.read(id, seq)
        },
      }),
    })
    for (let n = 0; n < 10; n++) model.send(chat, friend, `text ${n}`)
    await world.quiet()
    expect((await tab.chat(chat))?.unread).toBe(10)
    for (let seq = 2; seq <= 11; seq++) await tab.live.reading.seen(chat, seq)
    expect((await tab.chat(chat))?.unread).toBe(0)
    await world.pass(3_000)
    expect(told.length).toBeLessThanOrEqual(2)
    expect(model.unread(chat, me)).toBe(0)
  })

  test('offline is told after a restart', async () => {
    const kept = { indexedDB: new IDBFactory() }
    const cannot = (api: LiveApi): LiveApi => ({
      ...api,
      read: () => Promise.reject(new AppError('network.unreachable')),
    })
    const tab = await open({ world: kept, through: cannot })
    model.send(chat, friend, 'text')
    await world.quiet()
    await tab.live.reading.seen(chat, 2)
    await world.quiet()
    tab.kill()
    expect(model.unread(chat, me)).toBe(1)
    const next = await open({ world: kept })
    await world.until('the server knows', () => model.unread(chat, me) === 0)
    expect((await next.chat(chat))?.unread).toBe(0)
  })

  test('on another device moves the number here', async () => {
    const tab = await open()
    for (let n = 0; n < 3; n++) model.send(chat, friend, `text ${n}`)
    await world.until('they are here', async () => (await tab.chat(chat))?.unread === 3)
    model.read(chat, me, 3)
    await world.until('the number follows', async () => (await tab.chat(chat))?.unread === 1)
  })

  test('of a direct chat begins with telling that it was delivered', async () => {
    const direct = model.newChat([friend, me], 'direct')
    const told: number[] = []
    await open({
      through: (api) => ({
        ...api,
        delivered: async (id, seq) => {
          if (id === direct) told.push(seq)
          return await api.delivered(id, seq)
        },
      }),
    })
    model.send(direct, friend, 'hello')
    model.send(chat, friend, 'in a group')
    await world.pass(2_000)
    expect(told).toEqual([1])
  })
})

test('typing ends by itself after six seconds, and at once when the message comes', async () => {
  const tab = await open()
  const types = () => wire.signal({ type: 'signal', signal: { kind: 'typing', chatId: chat, userId: friend } })
  types()
  await world.quiet()
  expect(tab.live.signals.typing(chat)).toEqual([friend])
  await world.pass(6_100)
  expect(tab.live.signals.typing(chat)).toEqual([])
  types()
  await world.quiet()
  model.send(chat, friend, 'written')
  await world.quiet()
  expect(tab.live.signals.typing(chat)).toEqual([])
})

test('positions of others only grow', async () => {
  const tab = await open()
  const tell = (read: number) =>
    wire.signal({ type: 'signal', signal: { kind: 'positions', chatId: chat, userId: friend, read, delivered: 0 } })
  const positions = async () => {
    const scope = await tab.store.read((tx) => tx.get('scopes', chat))
    return scope?.kind === 'chat' ? scope.positions.read : null
  }
  tell(5)
  tell(3)
  await world.quiet()
  expect(await positions()).toBe(5)
})

test('two tabs tell each other what to read again', async () => {
  const parts = { indexedDB: new IDBFactory(), channel: channels() }
  const [one, two] = [await open({ world: parts }), await open({ world: parts })]
  const heard: ChatId[] = []
  two.store.on('changed', (changes, origin) => {
    if (origin === 'elsewhere') heard.push(...changes.chats)
  })
  await one.store.merge(async (merge) => {
    merge.tx.put('drafts', { chatId: chat, body: 'a draft', at: 0 })
    merge.changes.chats.add(chat)
  })
  await world.quiet()
  expect(heard).toEqual([chat])
  expect((await two.store.read((tx) => tx.get('drafts', chat)))?.body).toBe('a draft')
})

test('a storm of losses leaves the client equal to the server', async () => {
  const act = fc.constantFrom(
    'send',
    'send',
    'send',
    'edit',
    'delete',
    'remove',
    'add',
    'cut',
    'hello',
    'read',
    'seen',
    'pass',
    'burst',
  )
  const plan = fc.array(fc.record({ act, n: fc.nat(30) }), { maxLength: 60, size: 'max' })
  const law = fc.asyncProperty(plan, fc.infiniteStream(fc.nat(9)), async (steps, luck) => {
    let calm = false
    const unlucky = async () => {
      if (!calm && (luck.next().value as number) < 2) throw new AppError('network.unreachable')
    }
    const device = `storm ${Math.random()}`
    const tab = await Tab.open(world, wire, me, { device, weather: { before: unlucky, after: unlucky } })
    for (const { act, n } of steps) {
      const seq = (model.chats.get(chat)?.seq ?? 0) - n
      const member = model.isMember(chat, me)
      if (act === 'send') model.send(chat, friend, `text ${n}`)
      else if (act === 'burst') for (let i = 0; i < n; i++) model.send(chat, friend, 'burst')
      else if (act === 'edit') model.edit(chat, seq, 'edited')
      else if (act === 'delete') model.delete(chat, seq)
      else if (act === 'remove') model.removeMember(chat, me)
      else if (act === 'add') model.addMember(chat, me)
      else if (act === 'cut') wire.cut()
      else if (act === 'hello') wire.hello()
      else if (act === 'read' && member) model.read(chat, me, seq)
      else if (act === 'seen') await tab.live.reading.seen(chat, seq)
      else if (act === 'pass') await world.pass(n * 100)
    }
    calm = true
    model.addMember(chat, me)
    wire.cut()
    await world.until('it is online', () => tab.live.status === 'online')
    await world.pass(30_000)
    await tab.live.caughtUp()
    await expectEqual(tab)
    tab.kill()
  })
  await fc.assert(law, { numRuns: 60 })
}, 120_000)
