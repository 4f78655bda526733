import { sql } from 'kysely'
import { newId, type ChatId } from '@veche/shared/ids'
import { beforeAll, expect, test } from 'vitest'
import { newGroup, newUser } from '../../test/builders.ts'
import { type TestApi, newTestApi } from '../../test/harness.ts'

let testApi: TestApi
let id: ChatId
beforeAll(async () => {
  testApi = await newTestApi()
  id = await newGroup(testApi.deps, [await newUser(testApi.deps)])
})

const write = (text: string, values: unknown[] = []) => testApi.deps.writers.write(id, { name: '', text, values })
const count = (by: number) => write(`update scopes set seq = seq + $2 where id = $1 returning seq`, [id, by])

test('writes that share a transaction each read what those before them have written', async () => {
  const [first, ...others] = await Promise.all([count(1), count(1), count(1), count(1)])
  const start = Number(first![0]!['seq'])
  expect(others.map(([row]) => row!['seq'])).toEqual([start + 1, start + 2, start + 3])
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
