import type { DB } from '@veche/db/types.gen'
import { type Kysely, sql } from 'kysely'
import type { Deps } from '../../deps.ts'

/** A connection that is silent for twenty seconds is given up, and the lock with it. */
const pingMs = 1_000

/** Stops a round. No work is lost: the next round does what this one left undone. */
class LockLost extends Error {
  constructor(name: string, options: ErrorOptions) {
    super(`The connection that held the lock "${name}" was lost.`, options)
  }
}

/**
 * Runs `fn` under an advisory lock, or not at all while another process holds it. Postgres gives the lock away when the connection that
 * holds it is lost. So the connection is used all the time, and when it is lost, `signal` tells `fn` to begin nothing more. What `fn` does
 * at that moment another process may do too: every round decides again under the locks of its rows, so that doing it twice is harmless.
 */
export async function withAdvisoryLock(
  { db }: Pick<Deps, 'db'>,
  name: string,
  fn: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await db.connection().execute(async (held) => {
    const key = sql`hashtextextended(${name}, 0)`
    const { rows } = await sql<{ got: boolean }>`select pg_try_advisory_lock(${key}) as got`.execute(held)
    if (!rows[0]?.got) return
    const { signal, stop } = keepAlive(held, name)
    try {
      await fn(signal)
    } finally {
      await stop()
      // Without a connection there is no lock to give back.
      if (!signal.aborted) await sql`select pg_advisory_unlock(${key})`.execute(held)
    }
    signal.throwIfAborted()
  })
}

/** Uses the connection every second. `stop` waits for the statement that is under way. */
function keepAlive(held: Kysely<DB>, name: string) {
  const lost = new AbortController()
  let lastPing = Promise.resolve()
  const ping = async () => {
    await sql`select 1`.execute(held).catch((error: unknown) => lost.abort(new LockLost(name, { cause: error })))
  }
  const timer = setInterval(() => {
    if (!lost.signal.aborted) lastPing = lastPing.then(ping)
  }, pingMs)
  const stop = async () => {
    clearInterval(timer)
    await lastPing
  }
  return { signal: lost.signal, stop }
}
