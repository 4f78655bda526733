import { beforeEach, expect, test } from 'vitest'
import { newEngineTest } from '../test/engine-test.ts'

let { environment, server, network, me, friend, chat, openTab } = newEngineTest()
beforeEach(() => void ({ environment, server, network, me, friend, chat, openTab } = newEngineTest()))

test('typing ends after six seconds, and at once when the message comes', async () => {
  const tab = await openTab()
  const types = () => network.signal({ type: 'signal', signal: { kind: 'typing', chatId: chat, userId: friend } })
  types()
  await environment.quiet()
  expect(tab.live.signals.typing(chat)).toEqual([friend])
  await environment.pass(6_100)
  expect(tab.live.signals.typing(chat)).toEqual([])
  types()
  await environment.quiet()
  server.send(chat, friend, 'written')
  await environment.quiet()
  expect(tab.live.signals.typing(chat)).toEqual([])
})

test('a person who is removed while they type types no more', async () => {
  const group = server.newChat([me, friend], 'group', 'group')
  const tab = await openTab()
  network.signal({ type: 'signal', signal: { kind: 'typing', chatId: group, userId: friend } })
  await environment.quiet()
  expect(tab.live.signals.typing(group)).toEqual([friend])
  server.removeMember(group, friend)
  await environment.quiet()
  expect(tab.live.signals.typing(group)).toEqual([])
})

test('a read position of another member never goes back', async () => {
  const tab = await openTab()
  const tell = (read: number) =>
    network.signal({ type: 'signal', signal: { kind: 'positions', chatId: chat, userId: friend, read, delivered: 0 } })
  const positions = async () => {
    const scope = await tab.store.read((tx) => tx.get('scopes', chat))
    return scope?.kind === 'chat' ? scope.positions.read : null
  }
  tell(5)
  tell(3)
  await environment.quiet()
  expect(await positions()).toBe(5)
})
