import { createDatabase, createPool, type Database, databaseOf } from '@veche/db/client'
import type { Pool, QueryResultRow } from 'pg'
import type { Logger } from './logger.ts'

export type { Database }

/** More pipelines would only wait for the same disk. */
const maxPipelines = 8

export type Pools = { db: Database; polls: Database; liveReads: Pool; pipelines: Pool; lookups: Pool }

/** How many connections each pool of a process may take. `max` is DATABASE_POOL. */
export function poolSizes(max: number): Record<Exclude<keyof Pools, 'lookups'>, number> {
  return { db: max, polls: 5, liveReads: 4, pipelines: Math.min(max, maxPipelines) }
}

/**
 * The pool for work; a small one for what must go on when the first is busy (polls, sessions, health); one for the reads of the live
 * streams, of which there may be thousands after a stall; and one for statements that are run so often that each round trip counts.
 * `lookups` are the connections of `polls`, for statements that are prepared.
 */
export function openPools(url: string, max: number, log: Logger): Pools {
  const onError = (error: Error) => log.warn({ err: error }, 'a connection to Postgres was lost')
  const sizes = poolSizes(max)
  const lookups = createPool({ url, max: sizes.polls, name: 'veche-polls', onError })
  return {
    lookups,
    db: createDatabase({ url, max: sizes.db, name: 'veche', onError }),
    polls: databaseOf(lookups),
    liveReads: createPool({ url, max: sizes.liveReads, name: 'veche-live', onError }),
    pipelines: createPool({ url, max: sizes.pipelines, name: 'veche', onError }, { pipeline: true }),
  }
}

/** The code of an error from Postgres or from the socket to it; empty when there is none. */
export function postgresCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** A row with this key was there already, or another transaction was faster. */
export function isUniqueViolation(error: unknown): boolean {
  return postgresCode(error) === '23505'
}

/** A statement was prepared before a migration changed its tables. */
export function isStalePlan(error: unknown): boolean {
  return ['0A000', '26000'].includes(postgresCode(error))
}

/** A statement that Postgres keeps prepared under its name. The text of a name never changes while a process lives. */
export type Statement = { name: string; text: string; values: unknown[] }

export async function runPrepared<Row extends QueryResultRow>(pool: Pool, statement: Statement): Promise<Row[]> {
  const run = () => pool.query<Row>(statement)
  const { rows } = await run().catch((error: unknown) => {
    // A migration has changed the tables. The pool has dropped the connection that knew them as they were.
    if (isStalePlan(error)) return run()
    throw error
  })
  return rows
}
