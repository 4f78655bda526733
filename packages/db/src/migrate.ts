import { readdir } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'

const folder = new URL('../migrations/', import.meta.url)

/** How a migration gets the locks of tables that others use: it waits shortly, so that nobody waits behind it for long, and tries again. */
export type LockPolicy = { timeoutMs: number; attempts: number; pauseMs: number }

const patientPolicy: LockPolicy = { timeoutMs: 3_000, attempts: 20, pauseMs: 2_000 }

/** A migration is one transaction, unless it says `transactional = false`. Then a second run must go on where the first one ended. */
type MigrationFile = Migration & { transactional?: boolean }

/**
 * Applies the migrations that the database lacks, one after the other, and returns their names. One connection holds an advisory lock
 * meanwhile: of two processes that start at the same time, the second waits and finds nothing to do.
 */
export async function migrate(url: string, from: URL = folder, policy: LockPolicy = patientPolicy): Promise<string[]> {
  return withDatabase(
    url,
    (db) =>
      db.connection().execute(async (locked) => {
        await waitForTurn(locked)
        try {
          return await applyAll(db, from, policy)
        } finally {
          await sql`select pg_advisory_unlock(${lockKey})`.execute(locked)
        }
      }),
    policy,
  )
}

/** Whether an earlier release has used this database, and migrations of this release are missing. */
export async function isBehind(url: string, from: URL = folder): Promise<boolean> {
  return withDatabase(url, async (db) => {
    const { rows } = await sql<{ name: string | null }>`select to_regclass('kysely_migration')::text as name`.execute(
      db,
    )
    if (!rows[0]?.name) return false
    const applied = await sql<{ name: string }>`select max(name) as name from kysely_migration`.execute(db)
    return (applied.rows[0]?.name ?? '') < (await newestMigration(from))
  })
}

/** The newest migration of this release; readiness compares it with that of the database. */
export async function newestMigration(from: URL = folder): Promise<string> {
  return (await names(from)).at(-1) ?? ''
}

const lockKey = 8_327_501
const turnPauseMs = 200

/** An index that is built online waits for all statements that run, so whoever waits for a turn must not wait within a statement. */
async function waitForTurn(db: Kysely<unknown>): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ mine: boolean }>`select pg_try_advisory_lock(${lockKey}) as mine`.execute(db)
    if (rows[0]?.mine) return
    await wait(turnPauseMs)
  }
}

async function withDatabase<T>(
  url: string,
  work: (db: Kysely<unknown>) => Promise<T>,
  { timeoutMs } = patientPolicy,
): Promise<T> {
  const options = `-c lock_timeout=${timeoutMs}`
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'veche-migrate', options })
  pool.on('error', () => undefined)
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    return await work(db)
  } finally {
    await db.destroy()
  }
}

async function applyAll(db: Kysely<unknown>, from: URL, policy: LockPolicy): Promise<string[]> {
  const migrations = await load(from)
  const provider = { getMigrations: () => Promise.resolve(migrations) }
  const pending = (await new Migrator({ db, provider }).getMigrations()).filter(({ executedAt }) => !executedAt)
  for (const { name } of pending) {
    const disableTransactions = migrations[name]?.transactional === false
    const migrator = new Migrator({ db, provider, disableTransactions })
    await withRetries(policy, () => applyOne(migrator, name))
  }
  return pending.map(({ name }) => name)
}

async function applyOne(migrator: Migrator, name: string): Promise<void> {
  const { error } = await migrator.migrateTo(name)
  if (error) throw error instanceof Error ? error : new Error('the migration failed', { cause: error })
}

/** 55P03: a lock was not free in time. What the migration had done is undone, so it may begin again. */
async function withRetries({ attempts, pauseMs }: LockPolicy, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if ((error as { code?: string }).code !== '55P03' || attempt >= attempts) throw error
      await wait(pauseMs)
    }
  }
}

async function names(from: URL): Promise<string[]> {
  const files = await readdir(from)
  return files
    .filter((file) => /^\d{4}_.*\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .sort()
}

async function load(from: URL): Promise<Record<string, MigrationFile>> {
  const loaded = await Promise.all(
    (await names(from)).map(
      async (name) => [name, (await import(new URL(`${name}.ts`, from).href)) as MigrationFile] as const,
    ),
  )
  return Object.fromEntries(loaded)
}
