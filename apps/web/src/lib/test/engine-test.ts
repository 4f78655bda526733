import type { ChatId, UserId } from '@veche/shared/ids'
import { expect } from 'vitest'
import { FakeNetwork } from './FakeNetwork.ts'
import { FakeServer } from './FakeServer.ts'
import { TestEnvironment } from './TestEnvironment.ts'
import { TestTab, type TestTabOptions } from './TestTab.ts'

/** What each test of the engine begins with: a fake server with me, a friend and a group of both. */
export type EngineTest = {
  environment: TestEnvironment
  server: FakeServer
  network: FakeNetwork
  me: UserId
  friend: UserId
  chat: ChatId
  /** Opens a tab of mine. */
  startTab(options?: TestTabOptions): Promise<TestTab>
  /** Opens a tab of mine, and waits until it is online. */
  openTab(options?: TestTabOptions): Promise<TestTab>
  /** Expects the tab to hold of each chat what the server has. */
  expectEqual(tab: TestTab): Promise<void>
  /** The text messages that the server has. */
  textsOnServer(chatId: ChatId): (string | null)[]
}

export function newEngineTest(): EngineTest {
  const environment = new TestEnvironment()
  const server = new FakeServer()
  const network = new FakeNetwork(server)
  const me = server.newPerson('Me')
  const friend = server.newPerson('Friend')
  const chat = server.newChat([friend, me])
  const startTab = (options: TestTabOptions = {}) => TestTab.open(environment, network, me, options)
  const openTab = async (options: TestTabOptions = {}) => {
    const tab = await startTab(options)
    await environment.until('the tab is online', () => tab.live.status === 'online' || !environment.online)
    return tab
  }
  const expectEqual = async (tab: TestTab) => {
    for (const row of server.membershipsOf(me)) {
      const held = await tab.chat(row.chatId)
      if (row.leftAt !== null) {
        expect(held).toBeUndefined()
        continue
      }
      const { row: chatRow, rev } = server.chats.get(row.chatId) ?? {}
      expect(held).toMatchObject({ chat: chatRow, membership: row, rev, needsRecount: false })
      expect(held?.unread).toBe(server.unread(row.chatId, me))
      expect(held?.messages.at(-1)).toEqual(server.visible(row.chatId, me).at(-1))
    }
  }
  const textsOnServer = (chatId: ChatId) =>
    server.visible(chatId, me).flatMap((row) => (row.kind === 'text' ? row.body : []))
  return { environment, server, network, me, friend, chat, startTab, openTab, expectEqual, textsOnServer }
}
