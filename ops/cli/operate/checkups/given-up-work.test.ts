import { randomUUID } from 'node:crypto'
import { newTestDatabase } from '@veche/db/test-database'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { givenUpWork } from './given-up-work.ts'

async function openDatabase() {
  const { url, drop } = await newTestDatabase(process.env['TEST_DATABASE_URL'] ?? '')
  const client = new Client({ connectionString: url })
  await client.connect()
  onTestFinished(async () => {
    await client.end()
    await drop()
  })
  return client
}

test('the doctor counts given-up work of every kind, and is silent while there is none', async () => {
  const client = await openDatabase()
  expect(await givenUpWork(client)).toEqual([])
  await client.query(`create table bells (id uuid primary key, state text, attempts int, retry_at timestamptz,
    claimed_until timestamptz, error text, created_at timestamptz)`)
  const mail = `insert into mails (id, to_address, locale, template, data, state) values ($1, 'a@example.org', 'en', 'reset', '{}', $2)`
  for (const state of ['given_up', 'given_up', 'due']) await client.query(mail, [randomUUID(), state])
  await client.query(`insert into bells (id, state) values ($1, 'given_up')`, [randomUUID()])
  expect(await givenUpWork(client)).toMatchObject([
    { part: 'Work', state: 'doubtful', says: 'could not be done and was given up: 1 in bells, 2 in mails' },
  ])
})
