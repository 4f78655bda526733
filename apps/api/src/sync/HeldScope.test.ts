import type { LiveFrame } from '@veche/shared/live'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { addSystemMessage } from '../chats/system-messages.ts'
import { advance } from '../platform/scopes/changes.ts'
import { lockScopes } from '../platform/scopes/locks.ts'
import { chatScope } from '../platform/scopes/scope.ts'
import { inTransaction } from '../platform/transaction.ts'
import { newGroup, newUser, say, type TestUser } from '../test/builders.ts'
import { contextFor, type TestApi, newTestApi } from '../test/harness.ts'
import { lockWaits } from '../test/locks.ts'
import { Observer } from '../test/Observer.ts'
import { readUntilEnd } from '../test/ReadSocket.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
let vera: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris, vera] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
})

const bodies = (observer: Observer) => observer.rows('messages').map((row) => row.body)

describe('a message that this process has written', () => {
  test('it reaches the clients here without a read of the chat', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observers = [await Observer.open(testApi.deps, boris), await Observer.open(testApi.deps, anna)]
    await say(testApi.deps, anna, chatId, 'read, because nobody knows yet who may see it')
    for (const observer of observers) await observer.settled()
    const reads = vi.spyOn(testApi.deps.liveReads, 'read')
    await say(testApi.deps, anna, chatId, 'given')
    for (const observer of observers) {
      await expect.poll(() => bodies(observer)).toContain('given')
      await observer.expectEqualsFetch()
      expect(observer.gaps).toBe(0)
      observer.close()
    }
    expect(reads.mock.calls.filter(([{ id }]) => id === chatId)).toEqual([])
    reads.mockRestore()
  })

  test.each([
    ['rows of a later revision than the next one', { ahead: 2, ofMembers: 0 }],
    ['rows that were written under other memberships', { ahead: 1, ofMembers: 1 }],
  ])('%s are not sent, and lead to a read of the chat', async (_name, { ahead, ofMembers }) => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(testApi.deps, boris)
    const message = await say(testApi.deps, anna, chatId, 'true')
    await observer.settled()
    const reads = vi.spyOn(testApi.deps.liveReads, 'read')
    const rev = message.rev + ahead
    const { membersRev } = observer.rows('chats').find(({ id }) => id === chatId)!
    const rows = { messages: [{ ...message, rev, body: 'invented' }] }
    testApi.deps.liveHub.tellWritten({ scope: 'chat', id: chatId, rev, rows, membersRev: membersRev + ofMembers })
    expect(reads.mock.calls.filter(([{ id }]) => id === chatId)).toHaveLength(1)
    reads.mockRestore()
    await say(testApi.deps, anna, chatId, 'later')
    await observer.expectEqualsFetch()
    expect(bodies(observer)).toContain('later')
    expect(bodies(observer)).not.toContain('invented')
    observer.close()
  })

  test('messages that share a transaction are one frame', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(testApi.deps, boris)
    await say(testApi.deps, anna, chatId, 'first')
    await observer.settled()
    const before = observer.frames.length
    const writes = vi.spyOn(testApi.deps.writers, 'write')
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [chatScope(chatId)])
      for (let i = 0; i < 20; i += 1) void say(testApi.deps, anna, chatId, `together ${i}`)
      // The first one waits for the lock, and all the others wait for the first one.
      await expect.poll(() => writes.mock.calls.length).toBe(20)
    })
    writes.mockRestore()
    await expect.poll(() => bodies(observer)).toContain('together 19')
    expect(observer.frames.length - before).toBeLessThan(4)
    await observer.expectEqualsFetch()
    observer.close()
  })

  test('a stream that opens while messages are written gets each of them once', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris, vera])
    const first = await Observer.open(testApi.deps, boris)
    const sends = Promise.all(Array.from({ length: 40 }, (_, i) => say(testApi.deps, anna, chatId, `message ${i}`)))
    const later = await Promise.all(Array.from({ length: 5 }, () => Observer.open(testApi.deps, vera)))
    await sends
    for (const observer of [first, ...later]) {
      await observer.expectEqualsFetch()
      const sent = observer.rows('messages').filter((row) => row.chatId === chatId && row.kind === 'text')
      expect(sent).toHaveLength(40)
      observer.close()
    }
  })
})

describe('a reading', () => {
  test('a stream that opens while its scope is read is told of the new revision', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const scope = chatScope(chatId)
    const observer = await Observer.open(testApi.deps, anna)
    const frames: LiveFrame[] = []
    const rev = await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [scope])
      await sql`lock table messages in access exclusive mode`.execute(tx.db)
      testApi.deps.hints.tell({ hints: [{ scope: 'chat', id: chatId, rev: 2 }] })
      await expect.poll(() => lockWaits({ polls: testApi.deps.db }, 'veche-live')).toBe(1)
      const { actor } = await contextFor(testApi.deps, boris)
      void readUntilEnd(testApi.deps, actor!, (frame) => void frames.push(frame))
      await expect.poll(() => frames[0]?.type).toBe('hello')
      const next = await advance(tx, scope)
      await addSystemMessage({ ...tx, actor: anna }, chatId, next, { event: 'renamed', title: 'Meanwhile' })
      return next
    })
    await observer.settled()
    await expect.poll(() => frames).toContainEqual(expect.objectContaining({ type: 'changes', id: chatId, rev }))
    observer.close()
  })

  test('a hint of a revision that does not exist is read once and forgotten', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(testApi.deps, boris)
    testApi.deps.hints.tell({ hints: [{ scope: 'chat', id: chatId, rev: 1_000_000 }] })
    await testApi.deps.liveHub.poll()
    await say(testApi.deps, anna, chatId, 'after the false hint')
    await expect.poll(() => bodies(observer)).toContain('after the false hint')
    await testApi.deps.liveHub.poll()
    expect(observer.frames.filter(({ id }) => id === chatId).length).toBeLessThan(4)
    observer.close()
  })
})
