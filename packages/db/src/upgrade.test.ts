import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { migrate, newestMigration } from './migrate.ts'
import { newTestDatabase } from './test-database.ts'
import { upgrade } from './upgrade.ts'

const adminUrl = process.env['TEST_DATABASE_URL'] ?? ''

test('processes that start at the same time migrate the database once', async () => {
  const { url } = await emptyDatabase()
  const applied = await Promise.all([migrate(url), migrate(url), migrate(url)])
  expect(applied.flat().at(-1)).toBe(await newestMigration())
  expect(applied.filter((names) => names.length > 0)).toHaveLength(1)
})

test('an empty database is migrated without a rehearsal, and a second upgrade changes nothing', async () => {
  const { url } = await emptyDatabase()
  expect(await upgrade(url)).toMatchObject({ rehearsed: false })
  expect(await upgrade(url)).toEqual({ applied: [], rehearsed: false })
})

test('the upgrade of a database in use is rehearsed on a copy, which is dropped afterwards', async () => {
  const { url } = await migratedByThisRelease()
  const next = nextRelease('create table later (id int primary key)')
  expect(await upgrade(url, next)).toEqual({ applied: ['9999_later'], rehearsed: true })
  expect(await query(url, `select datname from pg_database where datname like '%rehearsal%'`)).toEqual([])
})

test('a migration that fails on the copy leaves the real database as it was', async () => {
  const { url } = await migratedByThisRelease()
  const next = nextRelease('create table half (id int primary key); insert into half values (1), (1)')
  await expect(upgrade(url, next)).rejects.toThrow('nothing has been changed')
  expect(await query(url, `select to_regclass('half') as half`)).toEqual([{ half: null }])
  expect(await query(url, `select datname from pg_database where datname like '%rehearsal%'`)).toEqual([])
})

test('a database that cannot be copied is migrated without a rehearsal, and the answer says why', async () => {
  const { url } = await migratedByThisRelease()
  const busy = new pg.Client({ connectionString: url })
  await busy.connect()
  const { applied, why } = await upgrade(url, nextRelease('create table later (id int primary key)'))
  await busy.end()
  expect(applied).toEqual(['9999_later'])
  expect(why).toContain('being accessed by other users')
})

async function emptyDatabase(): Promise<{ url: string }> {
  const { url, drop } = await newTestDatabase(adminUrl)
  onTestFinished(drop)
  const tables = `drop schema public cascade; create schema public`
  await query(url, tables)
  return { url }
}

/** A database as this release leaves it for the next one. */
async function migratedByThisRelease(): Promise<{ url: string }> {
  const { url } = await emptyDatabase()
  await migrate(url)
  return { url }
}

function nextRelease(statement: string): URL {
  const folder = mkdtempSync(join(fileURLToPath(new URL('../', import.meta.url)), '.next-release-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(fileURLToPath(new URL('../migrations/', import.meta.url)), folder, { recursive: true })
  const source = `import { sql } from 'kysely'\nexport const up = (db) => sql.raw(${JSON.stringify(statement)}).execute(db)\n`
  writeFileSync(join(folder, '9999_later.ts'), source)
  return pathToFileURL(`${folder}/`)
}

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(statement)
  await client.end()
  return rows as unknown[]
}
