/**
 * For migrations of large tables that are in use. They say `export const transactional = false`, and each of these steps may be
 * repeated: after a failure in the middle the next start goes on.
 */
import { type Kysely, sql } from 'kysely'

/** Builds an index while others read and write the table. `definition` is what follows the name: `on messages (chat_id)`. */
export async function createIndexOnline(db: Kysely<unknown>, name: string, definition: string): Promise<void> {
  await db.connection().execute(async (connection) => {
    // It waits for all transactions that run now; nobody waits for it.
    await sql`set lock_timeout = 0`.execute(connection)
    if (!(await isValid(connection, name))) {
      // What a build that failed has left is of no use to anybody.
      await sql.raw(`drop index concurrently if exists ${name}`).execute(connection)
      await sql.raw(`create index concurrently ${name} ${definition}`).execute(connection)
    }
    await sql`reset lock_timeout`.execute(connection)
  })
}

/**
 * Repeats a statement that changes a batch of rows, until it changes none: `update … where id in (select id … where … limit 1000)`.
 * Each batch is a transaction of its own, so rows are locked for a moment only.
 */
export async function backfill(db: Kysely<unknown>, statement: string): Promise<number> {
  for (let changed = 0; ;) {
    const { numAffectedRows = 0n } = await sql.raw(statement).execute(db)
    if (numAffectedRows === 0n) return changed
    changed += Number(numAffectedRows)
  }
}

async function isValid(db: Kysely<unknown>, name: string): Promise<boolean> {
  const { rows } = await sql<{ valid: boolean }>`
    select indisvalid as valid from pg_index where indexrelid = to_regclass(${name})`.execute(db)
  return rows[0]?.valid ?? false
}
