import { Socket } from 'node:net'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { DB } from './types.gen.ts'

export type Database = Kysely<DB>

// int8 holds counters far below 2^53; dates travel as ISO strings, so both are parsed to what the wire wants.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

export type PoolSettings = {
  url: string
  max: number
  name: string
  /** A pool without a listener takes the process down together with Postgres. */
  onError: (error: Error) => void
  /** Milliseconds without a word after which a connection is given up: longer than any statement may run. */
  silence?: number
}

/** The statement limits hold for every connection, so that no forgotten query can hold a scope for long. */
const limits = { lock_timeout: 3_000, statement_timeout: 10_000, idle_in_transaction_session_timeout: 5_000 }

export function createDatabase(settings: PoolSettings): Database {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool: createPool(settings) }) })
}

/** With `pipeline` a connection takes the next statement before the last is answered. */
export function createPool(
  { url, max, name, onError, silence = 20_000 }: PoolSettings,
  { pipeline = false } = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    stream: () => impatient(silence),
    options: Object.entries(limits)
      .map(([key, value]) => `-c ${key}=${value}`)
      .join(' '),
    pipeline,
  })
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  return pool
}

/** A host that is gone says no goodbye: without this a statement would wait for it as long as TCP does, a quarter of an hour. */
function impatient(silence: number): Socket {
  const socket = new Socket()
  socket.setTimeout(silence, () => socket.destroy(new Error('connection terminated: Postgres is silent')))
  return socket
}
