import { readdir } from 'node:fs/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import pg from 'pg'

const folder = new URL('../migrations/', import.meta.url)

/**
 * Forward only. The advisory lock is held by one connection for the whole run, so that two processes that start together do not
 * migrate twice: the second waits and finds nothing to do. Answers the names that were applied.
 */
export async function migrate(url: string): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'veche-migrate' })
  pool.on('error', () => undefined)
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    return await db.connection().execute(async (locked) => {
      await sql`select pg_advisory_lock(${lockKey})`.execute(locked)
      try {
        return await applyAll(db)
      } finally {
        await sql`select pg_advisory_unlock(${lockKey})`.execute(locked)
      }
    })
  } finally {
    await db.destroy()
  }
}

/** The newest migration of this release: readiness compares it with the database's. */
export async function newestMigration(): Promise<string> {
  return (await names()).at(-1) ?? ''
}

const lockKey = 8_327_501

async function applyAll(db: Kysely<unknown>): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: load }, allowUnorderedMigrations: false })
  const { error, results } = await migrator.migrateToLatest()
  if (error) throw error instanceof Error ? error : new Error('the migration failed', { cause: error })
  return (results ?? []).map((result) => result.migrationName)
}

async function names(): Promise<string[]> {
  const files = await readdir(folder)
  return files
    .filter((file) => /^\d{4}_.*\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .sort()
}

async function load(): Promise<Record<string, Migration>> {
  const loaded = await Promise.all(
    (await names()).map(
      async (name) => [name, (await import(new URL(`${name}.ts`, folder).href)) as Migration] as const,
    ),
  )
  return Object.fromEntries(loaded)
}

if (import.meta.main) {
  const url = process.env['DATABASE_URL']
  if (!url) throw new Error('DATABASE_URL says which database to migrate')
  const applied = await migrate(url)
  console.log(applied.length ? `Applied: ${applied.join(', ')}` : 'The schema is up to date.')
}
