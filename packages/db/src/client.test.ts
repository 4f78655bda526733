import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { createDatabase, createPool } from './client.ts'

const adminUrl = new URL(process.env['TEST_DATABASE_URL'] ?? '')

test('a connection to a server that went silent without closing it is given up, and the next one is new', async () => {
  const { url, freeze } = await freezableServer()
  const db = createDatabase({ url, max: 1, name: 'test', onError: () => undefined, silenceMs: 500 })
  onTestFinished(() => db.destroy())
  const ask = async () => (await sql<{ one: number }>`select 1 as one`.execute(db)).rows
  expect(await ask()).toEqual([{ one: 1 }])
  freeze()
  await expect(ask()).rejects.toThrow('connection terminated')
  expect(await ask()).toEqual([{ one: 1 }])
})

test('a connection that was given up counts in Postgres beside the one that replaced it, until its statement ends', async () => {
  const db = createDatabase({ url: adminUrl.href, max: 1, name: 'given-up', onError: () => undefined, silenceMs: 200 })
  onTestFinished(() => db.destroy())
  const counting = sql<{ count: number }>`select count(*) from pg_stat_activity where application_name = 'given-up'`
  const count = async () => (await counting.execute(db)).rows[0]?.count
  await expect(sql`select pg_sleep(2)`.execute(db)).rejects.toThrow('connection terminated')
  expect(await count()).toBe(2)
  await expect.poll(count).toBe(1)
})

/** A connection to the server that can freeze: nothing arrives any more, and neither end is told. */
async function freezableServer() {
  const folder = mkdtempSync(join(tmpdir(), 'veche-wire-'))
  const real = join(adminUrl.searchParams.get('host') ?? '', '.s.PGSQL.5432')
  const ends: Socket[] = []
  const server = createServer((near) => {
    const far = connect(real)
    near.pipe(far).pipe(near)
    for (const end of [near, far]) end.on('error', () => undefined)
    ends.push(near, far)
  })
  await new Promise<void>((resolve) => server.listen(join(folder, '.s.PGSQL.5432'), resolve))
  onTestFinished(() => {
    for (const end of ends) end.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  })
  const freeze = () => {
    for (const end of ends) end.unpipe().pause()
  }
  const url = new URL(adminUrl)
  url.searchParams.set('host', folder)
  return { url: url.href, freeze }
}

test('every connection has bounds for waiting for a lock, for a statement and for an idle transaction', async () => {
  const pool = createPool({
    url: adminUrl.href,
    max: 1,
    name: 'limits',
    onError: () => undefined,
  })
  onTestFinished(() => pool.end())
  const names = ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout']
  const { rows } = await pool.query('select name, setting from pg_settings where name = any($1) order by name', [names])
  expect(rows.map(({ name, setting }) => [name, Number(setting)])).toEqual([
    ['idle_in_transaction_session_timeout', 5_000],
    ['lock_timeout', 3_000],
    ['statement_timeout', 10_000],
  ])
})
