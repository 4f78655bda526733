import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { withDatabaseName } from './address.ts'
import { isBehind, migrate } from './migrate.ts'

export type Upgrade = { applied: string[]; rehearsed: boolean; why?: string }

/**
 * Migrations cannot be undone, so they are rehearsed on a copy of the data: a failure there has changed nothing. When no copy can be made
 * (a managed server, or other connections), the database is migrated without a rehearsal, and `why` says so.
 */
export async function upgrade(url: string, migrations?: URL): Promise<Upgrade> {
  if (!(await isBehind(url, migrations))) return { applied: await migrate(url, migrations), rehearsed: false }
  const copy = await copyOf(url)
  if (typeof copy === 'string') return { applied: await migrate(url, migrations), rehearsed: false, why: copy }
  try {
    await migrate(copy.url, migrations)
  } catch (error) {
    throw new Error(`The rehearsal of the migration on a copy failed; nothing has been changed. ${reason(error)}`, {
      cause: error,
    })
  } finally {
    await copy.drop()
  }
  return { applied: await migrate(url, migrations), rehearsed: true }
}

/** A copy needs the right to make databases, and no other connection to this one. Otherwise the reason why there is none is returned. */
async function copyOf(url: string): Promise<{ url: string; drop: () => Promise<void> } | string> {
  const name = /^postgres(?:ql)?:\/\/[^/]*\/([^?]*)/.exec(url)?.[1]
  if (!name) return 'the address names no database'
  const copy = `${decodeURIComponent(name)}_rehearsal_${randomBytes(4).toString('hex')}`
  const admin = new pg.Client({
    connectionString: withDatabaseName(url, 'postgres'),
    application_name: 'veche-migrate',
  })
  try {
    await admin.connect()
    const { escapeIdentifier } = admin
    await admin.query(
      `create database ${escapeIdentifier(copy)} template ${escapeIdentifier(decodeURIComponent(name))}`,
    )
  } catch (error) {
    await admin.end().catch(() => undefined)
    return reason(error)
  }
  const drop = async () => {
    await admin.query(`drop database if exists ${admin.escapeIdentifier(copy)} with (force)`)
    await admin.end()
  }
  return { url: withDatabaseName(url, encodeURIComponent(copy)), drop }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

if (import.meta.main) {
  const url = process.env['DATABASE_URL']
  if (!url) throw new Error('DATABASE_URL says which database to bring up to date')
  const { applied, rehearsed, why } = await upgrade(url)
  if (why) console.log(`Not rehearsed on a copy: ${why}.`)
  if (rehearsed) console.log('Rehearsed on a copy first.')
  console.log(applied.length ? `Applied: ${applied.join(', ')}` : 'The schema is up to date.')
}
