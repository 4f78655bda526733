import { createPool } from '@veche/db/client'
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newTestApi } from '../../test/harness.ts'
import { transact } from './transact.ts'

let pool: Pool
beforeAll(async () => {
  const { url } = await newTestApi()
  pool = createPool({ url, max: 1, name: 'test', onError: () => undefined }, { pipeline: true })
  await run('create table things (id int primary key)')
})
afterAll(() => pool.end())

const statement = (text: string, values: unknown[] = [], name = '') => ({ name, text, values })
const run = (...texts: string[]) =>
  transact(
    pool,
    texts.map((text) => statement(text)),
  )
const count = async () => (await run('select count(*)::int as count from things'))[0]![0]!['count']

test('a later statement of a pipeline reads what an earlier one has written, and each answers its own rows', async () => {
  const answers = await run('insert into things values (1) returning id', 'select id + 1 as next from things', 'select')
  expect(answers).toEqual([[{ id: 1 }], [{ next: 2 }], [{}]])
})

test('a pipeline with a failed statement throws the first error and changes nothing', async () => {
  const before = await count()
  const failing = run('insert into things values (2)', 'select 1 / 0', 'insert into things values (3)')
  await expect(failing).rejects.toMatchObject({ code: '22012' })
  expect(await count()).toBe(before)
})

test('a prepared statement that failed behind another one can be used afterwards', async () => {
  const named = statement('select $1::int as value', [7], 'value')
  await expect(transact(pool, [statement('select 1 / 0'), named])).rejects.toMatchObject({ code: '22012' })
  expect(await transact(pool, [named])).toEqual([[{ value: 7 }]])
  expect(await transact(pool, [named, { ...named, values: [8] }])).toEqual([[{ value: 7 }], [{ value: 8 }]])
})

test('a pipeline whose connection is lost fails, and the next one gets a new connection', async () => {
  await expect(run('select pg_terminate_backend(pg_backend_pid())', 'select 1')).rejects.toThrow()
  expect(await run('select 1 as one')).toEqual([[{ one: 1 }]])
})

test('statements that are made from the rows of the first ones commit or fail with them', async () => {
  const before = await count()
  const add = (rest: string) =>
    transact(pool, [statement('insert into things values (10) returning id')], ([rows]) => [
      statement('insert into things values ($1) returning id', [Number(rows![0]!['id']) + 1]),
      statement(rest),
    ])
  await expect(add('select 1 / 0')).rejects.toMatchObject({ code: '22012' })
  expect(await count()).toBe(before)
  expect(await add('select 1 as one')).toEqual([[{ id: 10 }], [{ id: 11 }], [{ one: 1 }]])
  expect(await count()).toBe(Number(before) + 2)
})
