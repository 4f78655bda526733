import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from './migrate.ts'
import { newTestDatabase } from './test-database.ts'

const adminUrl = process.env['TEST_DATABASE_URL'] ?? ''
const quick = { timeoutMs: 100, attempts: 3, pauseMs: 10 }
const table = 'create table words (id int primary key, text text not null, length int)'
const rows = `insert into words select n, repeat('a', n % 100), null from generate_series(1, 5000) n`

const online = `
  import { backfill, createIndexOnline } from '../../src/online.ts'
  export const transactional = false
  export async function up(db) {
    await createIndexOnline(db, 'words_by_text', 'on words (text)')
    await backfill(db, 'update words set length = length(text) where id in (select id from words where length is null limit 1000)')
  }`

test('each migration is a transaction of its own: a failure leaves those before it', async () => {
  const { url, client } = await newDatabase()
  const from = migrations({
    '0001_words': inSql(table),
    '0002_broken': inSql('create table half (id int); select 1 / 0'),
  })
  await expect(migrate(url, from)).rejects.toThrow('division by zero')
  const { rows: found } = await client.query(`select to_regclass('words') as words, to_regclass('half') as half`)
  expect(found).toEqual([{ words: 'words', half: null }])
})

test('a migration waits shortly for a lock, gives way to others meanwhile, and succeeds once it is free', async () => {
  const { url, client } = await newDatabase()
  await migrate(url, migrations({ '0001_words': inSql(table) }))
  const from = migrations({
    '0001_words': inSql(table),
    '0002_wide': inSql('alter table words add column wide boolean'),
  })
  await client.query('begin; lock table words in share mode')
  await expect(migrate(url, from, quick)).rejects.toMatchObject({ code: '55P03' })
  const migrating = migrate(url, from, { ...quick, attempts: 1_000 })
  await client.query('commit')
  expect(await migrating).toEqual(['0002_wide'])
})

test('a table is indexed and filled while others write to it', async () => {
  const { url, client } = await newDatabase()
  const first = inSql(`${table}; ${rows}`)
  await migrate(url, migrations({ '0001_words': first }))
  let isDone = false
  const migrating = migrate(url, migrations({ '0001_words': first, '0002_online': online }), quick).finally(
    () => (isDone = true),
  )
  let written = 0
  for (let id = 10_000; !isDone; id++, written++)
    await client.query('insert into words values ($1, $2, 1)', [id, 'new'])
  await migrating
  expect(written).toBeGreaterThan(0)
  const { rows: found } = await client.query(`
    select count(*) filter (where length is null)::int as empty, (select indisvalid from pg_index where indexrelid = 'words_by_text'::regclass) as valid
    from words`)
  expect(found).toEqual([{ empty: 0, valid: true }])
})

test('a build of an index that failed in the middle is begun again', async () => {
  const { url, client } = await newDatabase()
  const first = inSql(`${table}; ${rows}`)
  await migrate(url, migrations({ '0001_words': first }))
  // A unique index over equal texts fails, and leaves an invalid index behind.
  await expect(client.query('create unique index concurrently words_by_text on words (text)')).rejects.toThrow(
    'could not create unique index',
  )
  await migrate(url, migrations({ '0001_words': first, '0002_online': online }), quick)
  const { rows: found } = await client.query(
    `select indisvalid, indisunique from pg_index where indexrelid = 'words_by_text'::regclass`,
  )
  expect(found).toEqual([{ indisvalid: true, indisunique: false }])
})

async function newDatabase() {
  const { url, drop } = await newTestDatabase(adminUrl)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('drop schema public cascade; create schema public')
  onTestFinished(async () => {
    await client.end()
    await drop()
  })
  return { url, client }
}

function inSql(statement: string): string {
  return `import { sql } from 'kysely'\nexport const up = (db) => sql.raw(${JSON.stringify(statement)}).execute(db)\n`
}

/** A folder with these migrations, where they find the packages of this one. */
function migrations(files: Record<string, string>): URL {
  const folder = mkdtempSync(join(fileURLToPath(new URL('../', import.meta.url)), 'node_modules/.online-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, `${name}.ts`), source)
  return pathToFileURL(`${folder}/`)
}
