import { createDatabase, type Database } from '@veche/db/client'
import type { Logger } from './logger.ts'

export type { Database }

/** The pool for work, and a small one for what must go on when the first is busy: polls, sessions, health. */
export function openPools(url: string, max: number, log: Logger): { db: Database; polls: Database } {
  const onError = (error: Error) => log.warn({ err: error }, 'a connection to Postgres was lost')
  return {
    db: createDatabase({ url, max, name: 'veche', onError }),
    polls: createDatabase({ url, max: 5, name: 'veche-polls', onError }),
  }
}
