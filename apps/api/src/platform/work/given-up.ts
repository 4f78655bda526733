import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import { isOlderThan } from '../clock.ts'
import { deleteInBatches } from './batches.ts'
import { type DueTable, rowsOf } from './due-tables.ts'

export type GivenUpRow = { id: string; attempts: number; error: string | null; created_at: Date }

/** Deletes rows of every kind of work that were given up long ago. What ended otherwise is deleted by its feature. */
export async function deleteOldGivenUpRows({ db, dueTables, env }: Deps, signal?: AbortSignal): Promise<void> {
  const isOld = sql`state = 'given_up' and ${isOlderThan('created_at', env.KEEP_GIVEN_UP_DAYS)}`
  for (const table of dueTables.map((due) => sql.table(due.table)))
    await deleteInBatches(
      db,
      (limit) => sql`delete from ${table} where id in (select id from ${table} where ${isOld} limit ${limit})`,
      signal,
    )
}

type Asking = Pick<Deps, 'db'>

/** The rows of this table that were given up, the newest first. */
export async function readGivenUpRows({ db }: Asking, due: DueTable, limit: number) {
  const { table, columns, aboutColumns = [] } = due
  const read = ['id', 'attempts', 'error', 'created_at', ...columns].map((column) => sql.ref(column))
  const { rows } = await sql<GivenUpRow>`
    select ${sql.join([...read, ...aboutColumns])} from ${sql.table(table)}
    where state = 'given_up' and ${rowsOf(due)} order by created_at desc limit ${limit}`.execute(db)
  return rows
}

/** Makes the row due again, with all its tries. False when it is not among those given up. */
export async function retryGivenUpRow({ db, queue }: Pick<Deps, 'db' | 'queue'>, due: DueTable, id: string) {
  const { name, table } = due
  const { rows } = await sql`
    update ${sql.table(table)} set state = 'due', attempts = 0, retry_at = veche_now(), claimed_until = null, error = null
    where id = ${id} and state = 'given_up' and ${rowsOf(due)} returning id`.execute(db)
  if (rows.length > 0) queue.nudge(name, id)
  return rows.length > 0
}

/** The row is never tried again. False when it is not among those given up. */
export async function discardGivenUpRow({ db }: Asking, due: DueTable, id: string) {
  const { table, changesAtEnd } = due
  const changes = [sql`state = 'discarded'`, ...changesAtEnd('discarded')]
  const { rows } = await sql`
    update ${sql.table(table)} set ${sql.join(changes)} where id = ${id} and state = 'given_up' and ${rowsOf(due)} returning id`.execute(
    db,
  )
  return rows.length > 0
}
