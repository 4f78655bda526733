import { beforeEach, expect, test } from 'vitest'
import { AppError } from '../../api/error.ts'
import { newEngineTest } from '../../test/engine-test.ts'

let { environment, server, network, me, friend, chat, openTab, expectEqual } = newEngineTest()
beforeEach(() => void ({ environment, server, network, me, friend, chat, openTab, expectEqual } = newEngineTest()))

test('the first sync lists every chat with its last message and its unread number, page after page', async () => {
  for (let n = 0; n < 8; n++) {
    const id = server.newChat([friend, me], 'group', `group ${n}`)
    for (let text = 0; text <= n; text++) server.send(id, friend, `text ${text}`)
  }
  const tab = await openTab()
  await expectEqual(tab)
  expect(await tab.store.read((tx) => tx.all('chats'))).toHaveLength(9)
})

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

test('a hello in the middle of a connection starts a catch-up', async () => {
  const tab = await openTab()
  server.onChange = () => undefined
  server.send(chat, friend, 'never told')
  network.hello()
  await environment.until('it is there', async () => (await tab.bodies(chat)).includes('never told'))
})
