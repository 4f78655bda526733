import { readdir } from 'node:fs/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'

const folder = new URL('../migrations/', import.meta.url)

/**
 * Applies the migrations that the database lacks and returns their names. One connection holds an advisory lock meanwhile: of two
 * processes that start at the same time, the second waits and finds nothing to do.
 */
export async function migrate(url: string, from: URL = folder): Promise<string[]> {
  return withDatabase(url, (db) =>
    db.connection().execute(async (locked) => {
      await sql`select pg_advisory_lock(${lockKey})`.execute(locked)
      try {
        return await applyAll(db, from)
      } finally {
        await sql`select pg_advisory_unlock(${lockKey})`.execute(locked)
      }
    }),
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

async function withDatabase<T>(url: string, work: (db: Kysely<unknown>) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'veche-migrate' })
  pool.on('error', () => undefined)
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    return await work(db)
  } finally {
    await db.destroy()
  }
}

async function applyAll(db: Kysely<unknown>, from: URL): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => load(from) }, allowUnorderedMigrations: false })
  const { error, results } = await migrator.migrateToLatest()
  if (error) throw error instanceof Error ? error : new Error('the migration failed', { cause: error })
  return (results ?? []).map((result) => result.migrationName)
}

async function names(from: URL): Promise<string[]> {
  const files = await readdir(from)
  return files
    .filter((file) => /^\d{4}_.*\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .sort()
}

async function load(from: URL): Promise<Record<string, Migration>> {
  const loaded = await Promise.all(
    (await names(from)).map(
      async (name) => [name, (await import(new URL(`${name}.ts`, from).href)) as Migration] as const,
    ),
  )
  return Object.fromEntries(loaded)
}
