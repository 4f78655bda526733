import { createDatabase, createPool, type Database } from '@veche/db/client'
import type { Logger } from './logger.ts'
import { Pipelines } from './Pipelines.ts'

export type { Database }

/** More would only wait for the same disk. */
const pipelines = 8

/**
 * The pool for work, a small one for what must go on when the first is busy (polls, sessions, health), and the pipelines for what is
 * done so often that each round trip counts.
 */
export function openPools(
  url: string,
  max: number,
  log: Logger,
): { db: Database; polls: Database; pipelines: Pipelines } {
  const onError = (error: Error) => log.warn({ err: error }, 'a connection to Postgres was lost')
  return {
    db: createDatabase({ url, max, name: 'veche', onError }),
    polls: createDatabase({ url, max: 5, name: 'veche-polls', onError }),
    pipelines: new Pipelines(
      createPool({ url, max: Math.min(max, pipelines), name: 'veche', onError }, { pipeline: true }),
    ),
  }
}
