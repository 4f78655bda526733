import { createPool } from '@veche/db/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newTestApi } from '../../test/harness.ts'
import { Pipelines } from './pipeline.ts'

let pipelines: Pipelines
beforeAll(async () => {
  const { url } = await newTestApi()
  pipelines = new Pipelines(createPool({ url, max: 1, name: 'test', onError: () => undefined }, { pipeline: true }))
  await run('create table things (id int primary key)')
})
afterAll(() => pipelines.close())

const statement = (text: string, values: unknown[] = [], name = '') => ({ name, text, values })
const run = (...texts: string[]) => pipelines.transact(texts.map((text) => statement(text)))
const count = async () => (await run('select count(*)::int as count from things'))[0]![0]!['count']

it('a later statement reads what an earlier one has written, and each answers its own rows', async () => {
  const answers = await run('insert into things values (1) returning id', 'select id + 1 as next from things', 'select')
  expect(answers).toEqual([[{ id: 1 }], [{ next: 2 }], [{}]])
})

it('when one statement fails the first error is told and nothing has happened', async () => {
  const before = await count()
  const failing = run('insert into things values (2)', 'select 1 / 0', 'insert into things values (3)')
  await expect(failing).rejects.toMatchObject({ code: '22012' })
  expect(await count()).toBe(before)
})

it('a prepared statement that failed behind another can be used afterwards', async () => {
  const named = statement('select $1::int as value', [7], 'value')
  await expect(pipelines.transact([statement('select 1 / 0'), named])).rejects.toMatchObject({ code: '22012' })
  expect(await pipelines.transact([named])).toEqual([[{ value: 7 }]])
  expect(await pipelines.transact([named, { ...named, values: [8] }])).toEqual([[{ value: 7 }], [{ value: 8 }]])
})

it('a connection that was lost in the middle is told, and the next transaction gets another', async () => {
  await expect(run('select pg_terminate_backend(pg_backend_pid())', 'select 1')).rejects.toThrow()
  expect(await run('select 1 as one')).toEqual([[{ one: 1 }]])
})
