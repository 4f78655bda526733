import { beforeEach, expect, test } from 'vitest'
import { newEngineTest } from '../../test/engine-test.ts'

let { environment, server, network, me, friend, chat, openTab, expectEqual } = newEngineTest()
beforeEach(() => void ({ environment, server, network, me, friend, chat, openTab, expectEqual } = newEngineTest()))

test('frames that arrive during a fetch of their scope are merged after it', async () => {
  const seen: number[] = []
  const gate = Promise.withResolvers<void>()
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      history: async (query) => {
        const page = await api.history(query)
        await gate.promise
        return page
      },
    }),
  })
  const rev = async () => seen.push((await tab.chat(chat))?.rev ?? 0)
  await rev()
  const fetched = tab.live.historyPages.fetch({ chatId: chat, before: 2, limit: 10 })
  server.send(chat, friend, 'during')
  await environment.quiet()
  await rev()
  gate.resolve()
  await fetched
  await environment.quiet()
  await rev()
  expect(seen).toEqual([1, 1, 2])
})

test('a frame that leaves a gap makes the client fetch the scope, and no message is missed', async () => {
  const tab = await openTab()
  const push = network.flush.bind(network)
  server.onChange = () => undefined
  server.send(chat, friend, 'not told')
  network.forgetSent(chat)
  server.send(chat, friend, 'told')
  push()
  await environment.until('both are there', async () => (await tab.bodies(chat)).length === 2)
  await expectEqual(tab)
})

test('a removed member keeps no chat, no message, no draft and no command', async () => {
  const tab = await openTab()
  server.send(chat, friend, 'secret')
  await environment.quiet()
  await tab.store.merge(async (merge) => merge.tx.put('drafts', { chatId: chat, body: 'a draft', at: 0 }))
  environment.setOnline(false)
  await tab.live.outbox.addMessage(chat, 'unsent')
  server.removeMember(chat, me)
  server.send(chat, friend, 'after the removal')
  await environment.quiet()
  const left = await tab.store.read(async (tx) => [
    await tx.get('scopes', chat),
    await tx.get('chats', chat),
    await tx.get('drafts', chat),
    ...(await tx.messages(chat, 0, Infinity)),
    ...(await tx.all('outbox')),
  ])
  expect(left).toEqual([undefined, undefined, undefined])
})

test('a member who was removed and added again while offline sees only what a new member may see', async () => {
  const tab = await openTab()
  for (let n = 0; n < 6; n++) server.send(chat, friend, `old ${n}`)
  await environment.quiet()
  server.configure(chat, false)
  await environment.quiet()
  network.cut()
  server.removeMember(chat, me)
  server.send(chat, friend, 'while I was out')
  server.addMember(chat, me)
  server.send(chat, friend, 'new')
  await environment.until('it is online again', () => tab.live.status === 'online')
  expect(await tab.bodies(chat)).toEqual(['new'])
  await expectEqual(tab)
})

test('after a gap that is too large the newest page replaces what was held', async () => {
  const tab = await openTab()
  await environment.quiet()
  network.cut()
  for (let n = 0; n < 60; n++) server.send(chat, friend, `text ${n}`)
  server.edit(chat, 3, 'edited')
  await environment.until('it is online again', () => tab.live.status === 'online')
  expect((await tab.chat(chat))?.ranges).toEqual([[57, 61]])
  await expectEqual(tab)
})

test('after a restore of its database the server is believed, although its revisions are lower', async () => {
  const tab = await openTab()
  server.send(chat, friend, 'before the backup')
  await environment.quiet()
  const restore = server.backup()
  const lost = server.newChat([friend, me], 'group', 'lost')
  for (let n = 0; n < 5; n++) server.send(chat, friend, `lost ${n}`)
  server.read(chat, me, 4)
  server.renamePerson(friend, 'Lost name')
  await environment.until('all of it is here', async () => (await tab.bodies(chat)).length === 6)
  await environment.quiet()
  restore()
  server.send(chat, friend, 'after')
  network.cut()
  await environment.until('it is online again', () => tab.live.status === 'online')
  await environment.until('it is believed', async () => (await tab.bodies(chat)).at(-1) === 'after')
  await environment.quiet()
  expect(await tab.bodies(chat)).toEqual(['before the backup', 'after'])
  expect(await tab.chat(lost)).toBeUndefined()
  expect((await tab.store.read((tx) => tx.get('people', friend)))?.name).toBe('Friend')
  await expectEqual(tab)
})

test('a page of history that is older than a reset is fetched again', async () => {
  let pages = 0
  const gate = Promise.withResolvers<void>()
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      history: async (query) => {
        const page = await api.history(query)
        if (pages++ === 0) await gate.promise
        return page
      },
    }),
  })
  for (let n = 0; n < 20; n++) server.send(chat, friend, `text ${n}`)
  await environment.quiet()
  const fetched = tab.live.historyPages.fetch({ chatId: chat, before: 5, limit: 3 })
  await environment.quiet()
  server.edit(chat, 3, 'edited')
  for (let n = 0; n < 60; n++) server.send(chat, friend, `more ${n}`)
  network.cut()
  const other = await openTab({ device: 'another' })
  other.kill()
  await environment.until('it is online again', () => tab.live.status === 'online')
  gate.resolve()
  await fetched
  expect((await tab.chat(chat))?.messages.find((row) => row.seq === 3)?.body).toBe('edited')
})

test('the people in held chats are kept, with each change of their names', async () => {
  const tab = await openTab()
  const stranger = server.newPerson('Stranger')
  await environment.quiet()
  expect(await tab.store.read((tx) => tx.get('people', stranger))).toBeUndefined()
  server.addMember(chat, stranger)
  server.send(chat, stranger, 'hello')
  await environment.until(
    'the stranger is kept',
    async () => (await tab.store.read((tx) => tx.get('people', stranger)))?.name === 'Stranger',
  )
  server.renamePerson(stranger, 'Friend of all')
  await environment.until(
    'the new name is kept',
    async () => (await tab.store.read((tx) => tx.get('people', stranger)))?.name === 'Friend of all',
  )
})
