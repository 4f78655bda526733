import { DIRECTORY_SCOPE, type ChatId, newId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import { beforeAll, describe, expect, it } from 'vitest'
import { newGroup, newUser, say, type TestUser } from '../../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../../test/harness.ts'
import { advance, changeScopes, lockScopes } from './changes.ts'
import { inTransaction } from '../transaction.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})

const scope = (id: ChatId) => ({ kind: 'chat' as const, id })

describe('a scope', () => {
  it('makes commit order the order of revisions, without holes', async () => {
    const id = await newGroup(testApi.deps, [anna])
    const committed: number[] = []
    const change = () =>
      changeScopes(testApi.deps, [scope(id)], (tx) => advance(tx, scope(id))).then((rev) => committed.push(rev))
    await Promise.all(Array.from({ length: 30 }, change))
    expect([...committed].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 2))
  })

  it('that was rolled back has told nobody and kept its revision', async () => {
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

  it('reads rights as they are under the lock: whoever was removed while waiting does not get through', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    let sending: Promise<unknown> = Promise.resolve()
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [scope(chatId)])
      sending = callerFor(testApi.deps, boris).messages.send({ chatId, clientId: newId(), body: 'too late' })
      sending.catch(() => undefined)
      await waitingFor(1)
      await tx.db
        .updateTable('members')
        .set({ left_at: new Date() })
        .where('chat_id', '=', chatId)
        .where('user_id', '=', boris.userId)
        .execute()
    })
    await expect(sending).rejects.toThrow('chat.not_found')
  })

  it('that is hot takes four connections of a process and leaves the others their own', async () => {
    const [hot, other] = [await newGroup(testApi.deps, [anna]), await newGroup(testApi.deps, [anna])]
    let changes: Promise<unknown>[] = []
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [scope(hot)])
      const change = () => changeScopes(testApi.deps, [scope(hot)], (changing) => advance(changing, scope(hot)))
      changes = Array.from({ length: 20 }, change)
      await waitingFor(4)
      // Were there twenty connections waiting, this one would find none in a pool of ten.
      await changeScopes(testApi.deps, [scope(other)], (changing) => advance(changing, scope(other)))
      expect(await waiting()).toBe(4)
    })
    await Promise.all(changes)
  })

  it('that many write to takes one connection of a process, and they share its transaction', async () => {
    const [hot, other] = [await newGroup(testApi.deps, [anna]), await newGroup(testApi.deps, [anna])]
    let sends: Promise<MessageRow>[] = []
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [scope(hot)])
      sends = Array.from({ length: 30 }, (_, i) => say(testApi.deps, anna, hot, `hot ${i}`))
      await waitingFor(1)
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

  it('that stays locked makes a sender hear that the server is busy, and nothing is stored', async () => {
    const id = await newGroup(testApi.deps, [anna])
    const hasty = new URL(testApi.url)
    hasty.searchParams.set('options', '-c lock_timeout=100')
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [scope(id)])
      await expect(say(testApi.anotherProcess({ DATABASE_URL: hasty.href }), anna, id, 'waits')).rejects.toThrow('server.busy')
    })
    expect((await callerFor(testApi.deps, anna).messages.history({ chatId: id })).messages).toHaveLength(1)
  })

  it('is locked in one order by everybody, so that opposite changes never meet head on', async () => {
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

async function waiting(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and application_name = 'veche'`.execute(
    testApi.deps.polls,
  )
  return rows[0]!.n
}

async function waitingFor(count: number): Promise<void> {
  while ((await waiting()) < count) await new Promise(setImmediate)
}
