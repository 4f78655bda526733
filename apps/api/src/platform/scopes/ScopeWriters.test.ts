import type { DB } from '@veche/db/types.gen'
import { type Kysely, sql } from 'kysely'
import { newId, type ChatId, type ScopeId } from '@veche/shared/ids'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { newGroup, newUser } from '../../test/builders.ts'
import { type TestApi, newTestApi } from '../../test/harness.ts'
import type { StatementRows } from './transact.ts'

let testApi: TestApi
let id: ChatId
let others: ChatId[]
beforeAll(async () => {
  testApi = await newTestApi()
  const anna = await newUser(testApi.deps)
  id = await newGroup(testApi.deps, [anna])
  others = await Promise.all(Array.from({ length: 12 }, () => newGroup(testApi.deps, [anna])))
})

const writeIn = (scope: ScopeId, text: string, values: unknown[] = []) =>
  testApi.deps.writers.write(scope, { name: '', text, values })
const write = (text: string, values: unknown[] = []) => writeIn(id, text, values)
const countIn = (scope: ScopeId, by: number, moreColumns = '') =>
  writeIn(scope, `update scopes set seq = seq + $2 where id = $1 returning seq${moreColumns}`, [scope, by])
const count = (by: number) => countIn(id, by)
const transactions = (answers: StatementRows[]) => new Set(answers.map(([row]) => row!['xid'])).size

test('writes that share a transaction each read what those before them have written', async () => {
  const [first, ...later] = await Promise.all([count(1), count(1), count(1), count(1)])
  const start = Number(first![0]!['seq'])
  expect(later.map(([row]) => row!['seq'])).toEqual([start + 1, start + 2, start + 3])
})

test('writes of several scopes that wait at the same time share a transaction', async () => {
  const answers = await Promise.all(others.map((other) => countIn(other, 1, ', pg_current_xact_id()::text as xid')))
  // The first four begin at once, each by itself.
  expect(transactions(answers)).toBe(5)
})

test('a scope that somebody has locked delays no other scope, and is written when it is free', async () => {
  // Without them, a transaction that waits for a lock is counted for ever.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const [locked, ...free] = others
  const holder = await lock([locked!])
  let isLate = true
  // The first four fill the transactions, so that the others wait together with the one that is locked.
  const first = free.slice(0, 4).map((other) => countIn(other, 1))
  const late = countIn(locked!, 1).then(() => (isLate = false))
  const together = free.slice(4).map((other) => countIn(other, 1))
  await Promise.race(first)
  await new Promise(setImmediate)
  const again = free.slice(4).map((other) => countIn(other, 1))
  await Promise.all([...first, ...together, ...again])
  expect(isLate).toBe(true)
  await holder.release()
  await late
})

test('more scopes than there are transactions can be locked at once, and the others go on', async () => {
  const [free, ...locked] = others.slice(0, 6)
  const holder = await lock(locked)
  const late = locked.map((other) => countIn(other, 1))
  await countIn(free!, 1)
  await holder.release()
  await Promise.all(late)
})

test('a write that waits for a key of another transaction delays others for a moment and fails none', async () => {
  const [waiting, ...free] = others
  const key = newId()
  const add = `insert into scopes (id, kind) values ($1, 'user') returning id`
  const holder = await hold((db) => sql`insert into scopes (id, kind) values (${key}, 'user')`.execute(db))
  const first = free.slice(0, 4).map((other) => countIn(other, 1))
  const refused = expect(writeIn(waiting!, add, [key])).rejects.toMatchObject({ code: '23505' })
  await Promise.all([...first, ...free.slice(4).map((other) => countIn(other, 1))])
  await holder.release()
  await refused
})

test('a write that waits for a key of another transaction delays the others of its scope for a moment only', async () => {
  const key = newId()
  const add = `insert into scopes (id, kind) values ($1, 'user') returning id`
  const holder = await hold((db) => sql`insert into scopes (id, kind) values (${key}, 'user')`.execute(db))
  const first = count(1)
  const before = count(1)
  const refused = expect(write(add, [key])).rejects.toMatchObject({ code: '23505' })
  await Promise.all([first, before])
  await holder.release()
  await refused
})

test('transactions that wait for the keys of each other fail no write', async () => {
  const [one, other] = others as [ChatId, ChatId]
  const keys = Array.from({ length: 12 }, () => newId())
  const add = `insert into scopes (id, kind) values ($1, 'user') on conflict do nothing returning id`
  await Promise.all([
    countIn(one, 1),
    countIn(other, 1),
    ...keys.map((key) => writeIn(one, add, [key])),
    ...keys.toReversed().map((key) => writeIn(other, add, [key])),
  ])
})

test('a write of one scope that fails by its own fault does not fail those of other scopes', async () => {
  const failing = others[7]!
  const answers = await Promise.allSettled(
    others.flatMap((other) => [countIn(other, 1), ...(other === failing ? [writeIn(other, 'select 1 / 0')] : [])]),
  )
  expect(answers.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([8])
})

test('a write that violates a unique key fails alone', async () => {
  const twice = `insert into scopes (id, kind) values ($1, 'user') returning id`
  const fresh = newId()
  const answers = await Promise.allSettled([count(1), write(twice, [fresh]), write(twice, [id]), count(1)])
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  expect(answers[2]).toMatchObject({ reason: { code: '23505' } })
})

test('a write that fails by its own fault does not fail the others of its transaction', async () => {
  const answers = await Promise.allSettled([count(1), count(1), write('select 1 / 0'), count(1)])
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
})

test('a lost connection fails all writes of the transaction, and nothing of it is kept', async () => {
  // The first write begins at once, in a transaction of its own.
  const [before] = await count(0)
  const answers = await Promise.allSettled([count(1), write('select pg_terminate_backend(pg_backend_pid())'), count(1)])
  const [after] = await count(0)
  const kept = answers.filter(({ status }) => status === 'fulfilled').length
  expect(kept).toBeLessThan(2)
  expect(after!['seq']).toBe(Number(before!['seq']) + kept)
})

test('a write goes on after a migration has changed the tables of its prepared statement', async () => {
  await sql`create table later (id int); insert into later values (1)`.execute(testApi.deps.db)
  const read = () => testApi.deps.writers.write(id, { name: 'later', text: 'select * from later', values: [] })
  const all = () => Promise.all(Array.from({ length: 8 }, read))
  await all()
  await sql`alter table later add column more text`.execute(testApi.deps.db)
  for (const rows of await all()) expect(rows).toEqual([{ id: 1, more: null }])
})

/** As another process does it that changes these scopes. */
function lock(ids: ScopeId[]): Promise<{ release: () => Promise<void> }> {
  return hold((db) => sql`select id from scopes where id = any(${ids}::uuid[]) for no key update`.execute(db))
}

/** A transaction that stays open. */
async function hold(work: (db: Kysely<DB>) => Promise<unknown>): Promise<{ release: () => Promise<void> }> {
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const ended = testApi.deps.db.transaction().execute(async (db) => {
    await work(db)
    held.resolve()
    await released.promise
  })
  await held.promise
  return { release: () => (released.resolve(), ended) }
}
