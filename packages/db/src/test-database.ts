import { createHash, randomUUID } from 'node:crypto'
import pg from 'pg'
import { withDatabaseName } from './address.ts'
import { migrate, newestMigration } from './migrate.ts'

export type TestDatabase = { url: string; drop: () => Promise<void> }

/**
 * A database for a test file, cloned in milliseconds from a template that is migrated once per run. Its `veche_now()` can be moved.
 * `adminUrl` names a superuser on the server's own database.
 */
export async function newTestDatabase(adminUrl: string): Promise<TestDatabase> {
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  const template = await ensureTemplate(admin, adminUrl)
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await admin.query('select pg_advisory_lock($1)', [templateLock])
  await admin.query(`create database ${name} template ${template}`)
  await admin.query('select pg_advisory_unlock($1)', [templateLock])
  const drop = async () => {
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.end()
  }
  return { url: withDatabaseName(adminUrl, name), drop }
}

/** Moves `veche_now()` away from the real time. */
export async function setSqlClock(url: string, offsetMs: number): Promise<void> {
  await runAll(url, [`update test_clock set shift = interval '${offsetMs} milliseconds'`])
}

const templateLock = 8_327_502

async function ensureTemplate(admin: pg.Client, adminUrl: string): Promise<string> {
  const name = `template_${createHash('sha256')
    .update(`${await newestMigration()}2`)
    .digest('hex')
    .slice(0, 12)}`
  await admin.query('select pg_advisory_lock($1)', [templateLock])
  try {
    const ready = await admin.query(`select 1 from pg_database where datname = $1`, [`${name}_ready`])
    if (ready.rowCount) return `${name}_ready`
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.query(`create database ${name}`)
    await migrate(withDatabaseName(adminUrl, name))
    await makeClockMovable(withDatabaseName(adminUrl, name))
    await admin.query(`alter database ${name} rename to ${name}_ready`)
    return `${name}_ready`
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [templateLock])
  }
}

async function makeClockMovable(url: string): Promise<void> {
  await runAll(url, [
    'create table test_clock (shift interval not null)',
    "insert into test_clock values ('0')",
    `create or replace function veche_now() returns timestamptz language sql stable
       as 'select statement_timestamp() + (select shift from test_clock)'`,
  ])
}

async function runAll(url: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}
