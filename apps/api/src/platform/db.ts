import { createDatabase, createPool, type Database } from '@veche/db/client'
import type { Pool } from 'pg'
import type { Logger } from './logger.ts'

export type { Database }

/** More would only wait for the same disk. */
const maxPipelines = 8

/**
 * The pool for work; a small one for what must go on when the first is busy (polls, sessions, health); and one for statements that are
 * run so often that each round trip counts.
 */
export function openPools(url: string, max: number, log: Logger): { db: Database; polls: Database; pipelines: Pool } {
  const onError = (error: Error) => log.warn({ err: error }, 'a connection to Postgres was lost')
  return {
    db: createDatabase({ url, max, name: 'veche', onError }),
    polls: createDatabase({ url, max: 5, name: 'veche-polls', onError }),
    pipelines: createPool({ url, max: Math.min(max, maxPipelines), name: 'veche', onError }, { pipeline: true }),
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
