import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { within } from './within.ts'
import { type Job, runJob } from './work.ts'

export type Timer = {
  name: string
  everyMs: number
  run: () => Promise<void>
}

/** Work by the clock: it knows no Redis, so it goes on while there is none. */
export function startTimer(deps: Deps, timer: Timer): () => Promise<void> {
  let inHand: Promise<void> | null = null
  const tick = () => {
    inHand ??= timer
      .run()
      .catch((error: unknown) => deps.log.warn({ err: error, timer: timer.name }, 'a round failed; the next one comes'))
      .finally(() => (inHand = null))
  }
  const interval = setInterval(tick, timer.everyMs)
  tick()
  return async () => {
    clearInterval(interval)
    if (inHand) await within(8_000, inHand)
  }
}

/**
 * Finds what is due and was not told, and does it. Looking is for one process at a time; who does a piece is decided by its
 * claim, so no lock is held while a slow mail server is waited for.
 */
export async function sweep(deps: Deps, { jobs, lock }: { jobs: Job[]; lock: number }): Promise<void> {
  const found: (() => Promise<void>)[] = []
  await alone(deps, lock, async () => {
    for (const given of jobs)
      for (const payload of await given.due(deps)) found.push(() => runJob(deps, given, payload))
  })
  await inParallel(5, found)
}

/** Under an advisory lock, or not at all when another process has it. */
export async function alone(deps: Deps, lock: number, fn: () => Promise<void>): Promise<void> {
  await deps.db.connection().execute(async (held) => {
    const { rows } = await sql<{ got: boolean }>`select pg_try_advisory_lock(${lock}) as got`.execute(held)
    if (!rows[0]?.got) return
    try {
      await fn()
    } finally {
      await sql`select pg_advisory_unlock(${lock})`.execute(held)
    }
  })
}

async function inParallel(places: number, work: (() => Promise<void>)[]): Promise<void> {
  const queue = [...work]
  const lane = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await next()
  }
  await Promise.all(Array.from({ length: places }, lane))
}
