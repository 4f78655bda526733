import { DIRECTORY_SCOPE, newId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { newGroup, newUser, say, type TestUser } from '../../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../../test/harness.ts'
import { lockWaits } from '../../test/locks.ts'
import { advance, advanceAll, changeScopes } from './changes.ts'
import { lockScopes } from './locks.ts'
import { chatScope, userScope } from './scope.ts'
import { inTransaction } from '../transaction.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})

const scope = chatScope
const waiting = () => lockWaits(testApi.deps, 'veche')

describe('a scope', () => {
  test('changes of a scope commit in the order of their revisions, without gaps', async () => {
    const id = await newGroup(testApi.deps, [anna])
    const committed: number[] = []
    const change = () =>
      changeScopes(testApi.deps, [scope(id)], (tx) => advance(tx, scope(id))).then((rev) => committed.push(rev))
    await Promise.all(Array.from({ length: 30 }, change))
    expect([...committed].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 2))
  })

  test('a change that was rolled back sends no hint and uses no revision', async () => {
    const id = await newGroup(testApi.deps, [anna])
    const told: number[] = []
    const stop = testApi.deps.hints.listen(({ hints }) =>
      told.push(...(hints ?? []).filter((hint) => hint.id === id).map(({ rev }) => rev)),
    )
    const failing = changeScopes(testApi.deps, [scope(id)], async (tx) => {
      await advance(tx, scope(id))
      throw new Error('in the middle')
    })
    await expect(failing).rejects.toThrow('in the middle')
    expect(told).toEqual([])
    expect(await changeScopes(testApi.deps, [scope(id)], (tx) => advance(tx, scope(id)))).toBe(2)
    expect(told).toEqual([2])
    stop()
  })

  test('a member who is removed while their message waits for the lock cannot send it', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    let sending: Promise<unknown> = Promise.resolve()
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [scope(chatId)])
      sending = callerFor(testApi.deps, boris).messages.send({ chatId, clientId: newId(), body: 'too late' })
      sending.catch(() => undefined)
      await expect.poll(waiting, { interval: 5 }).toBe(1)
      await tx.db
        .updateTable('members')
        .set({ left_at: new Date() })
        .where('chat_id', '=', chatId)
        .where('user_id', '=', boris.userId)
        .execute()
    })
    await expect(sending).rejects.toThrow('chat.not_found')
  })

  test('a scope that many requests change takes four connections of a process and leaves the others free', async () => {
    const [hot, other] = [await newGroup(testApi.deps, [anna]), await newGroup(testApi.deps, [anna])]
    let changes: Promise<unknown>[] = []
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [scope(hot)])
      const change = () => changeScopes(testApi.deps, [scope(hot)], (changing) => advance(changing, scope(hot)))
      changes = Array.from({ length: 20 }, change)
      await expect.poll(waiting, { interval: 5 }).toBe(4)
      // With twenty connections waiting, this change would find none in the pool of ten.
      await changeScopes(testApi.deps, [scope(other)], (changing) => advance(changing, scope(other)))
      expect(await waiting()).toBe(4)
    })
    await Promise.all(changes)
  })

  test('a person whom many changes of different chats concern takes four connections of a process', async () => {
    const [vera, clara] = [await newUser(testApi.deps), await newUser(testApi.deps)]
    const groups = await Promise.all(Array.from({ length: 6 }, () => newGroup(testApi.deps, [anna])))
    let changes: Promise<unknown>[] = []
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [userScope(vera.userId)])
      const { chats, meetings } = callerFor(testApi.deps, vera)
      changes = [
        ...groups.map((chatId) => callerFor(testApi.deps, anna).chats.addMembers({ chatId, userIds: [vera.userId] })),
        ...[1, 2].map(() => chats.createGroup({ id: newId(), title: 'Mine', userIds: [] })),
        ...[1, 2].map(() => meetings.create({ id: newId(), chatId: newId(), title: 'Mine' })),
        ...[1, 2].map(() => callerFor(testApi.deps, boris).chats.openDirect({ userId: vera.userId })),
      ]
      await expect.poll(waiting, { interval: 5 }).toBe(4)
      // With twelve connections waiting, this change would find none in the pool of ten.
      await say(testApi.deps, anna, await newGroup(testApi.deps, [anna, clara]), 'calm')
      expect(await waiting()).toBe(4)
    })
    await Promise.all(changes)
  })

  test('a scope cannot be advanced without its lock', async () => {
    const [held, other] = [await newGroup(testApi.deps, [anna]), await newGroup(testApi.deps, [anna])]
    const change = (fn: typeof advance) => changeScopes(testApi.deps, [scope(held)], (tx) => fn(tx, scope(other)))
    await expect(change(advance)).rejects.toThrow('without its lock')
    const all = changeScopes(testApi.deps, [scope(held)], (tx) => advanceAll(tx, [scope(held), scope(other)]))
    await expect(all).rejects.toThrow('without its lock')
  })

  test('messages to one chat at the same time take one connection of a process and share transactions', async () => {
    const [hot, other] = [await newGroup(testApi.deps, [anna]), await newGroup(testApi.deps, [anna])]
    let sends: Promise<MessageRow>[] = []
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [scope(hot)])
      sends = Array.from({ length: 30 }, (_, i) => say(testApi.deps, anna, hot, `hot ${i}`))
      await expect.poll(waiting, { interval: 5 }).toBe(1)
      await say(testApi.deps, anna, other, 'calm')
      expect(await waiting()).toBe(1)
    })
    const seqs = (await Promise.all(sends)).map(({ seq }) => seq)
    expect(seqs.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 2))
    const { rows } = await sql<{ count: number }>`
      select count(distinct xmin::text)::int as count from messages where chat_id = ${hot} and kind = 'text'`.execute(
      testApi.deps.db,
    )
    expect(rows[0]!.count).toBeLessThan(10)
  })

  test('a message to a scope that stays locked fails as busy and is not stored', async () => {
    const id = await newGroup(testApi.deps, [anna])
    const hasty = new URL(testApi.url)
    hasty.searchParams.set('options', '-c lock_timeout=100')
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [scope(id)])
      await expect(say(testApi.anotherProcess({ DATABASE_URL: hasty.href }), anna, id, 'waits')).rejects.toThrow(
        'server.busy',
      )
    })
    expect((await callerFor(testApi.deps, anna).messages.history({ chatId: id })).messages).toHaveLength(1)
  })

  test('changes of the same scopes in opposite orders never deadlock', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => newUser(testApi.deps)))
    const groups = await Promise.all([1, 2, 3].map(() => newGroup(testApi.deps, [anna])))
    const changes = groups.flatMap((chatId) =>
      [people, [...people].reverse()].map((some) =>
        callerFor(testApi.deps, anna).chats.addMembers({ chatId, userIds: some.map(({ userId }) => userId) }),
      ),
    )
    const answers = await Promise.all(changes)
    expect(answers.every(({ chat }) => chat.memberCount === 7)).toBe(true)
    await expect(
      inTransaction(testApi.deps, (tx) => lockScopes(tx, [{ kind: 'directory', id: DIRECTORY_SCOPE }, scope(newId())])),
    ).rejects.toThrow('scope.not_found')
  })
})
