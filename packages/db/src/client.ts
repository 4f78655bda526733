import { Socket } from 'node:net'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { DB } from './types.gen.ts'

export type Database = Kysely<DB>

// int8 columns hold counters far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

export type PoolSettings = {
  url: string
  max: number
  name: string
  /** Without this listener a lost connection to Postgres would end the process. */
  onError: (error: Error) => void
  /** A connection that is silent this long while a statement runs is given up. It is longer than any statement may run. */
  silenceMs?: number
}

/** For every connection, so that no forgotten query can hold the lock of a scope for long. In milliseconds. */
const limits = { lock_timeout: 3_000, statement_timeout: 10_000, idle_in_transaction_session_timeout: 5_000 }

export function createDatabase(settings: PoolSettings): Database {
  return databaseOf(createPool(settings))
}

export function databaseOf(pool: pg.Pool): Database {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
}

/** With `pipeline` a connection sends the next statement before the last one is answered. */
export function createPool(
  { url, max, name, onError, silenceMs = 20_000 }: PoolSettings,
  { pipeline = false } = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    stream: () => newSocket(silenceMs),
    options: Object.entries(limits)
      .map(([key, value]) => `-c ${key}=${value}`)
      .join(' '),
    pipeline,
  })
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  return pool
}

/** A host that vanished closes no connection: without this timeout a statement would wait for it as long as TCP does, 15 minutes. */
function newSocket(silenceMs: number): Socket {
  const socket = new Socket()
  socket.setTimeout(silenceMs, () => socket.destroy(new Error('connection terminated: Postgres is silent')))
  return socket
}
