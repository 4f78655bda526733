import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import { Semaphore } from '../Semaphore.ts'
import { type Job, runJob } from './jobs.ts'
import { withTimeout } from './timeout.ts'

export type Timer = {
  name: string
  everyMs: number
  run: () => Promise<void>
}

const stopTimeoutMs = 8_000

/** Runs work by the clock. It needs no Redis, so it goes on while there is none. Returns a function that stops it. */
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
    if (inHand) await withTimeout(stopTimeoutMs, inHand)
  }
}

const maxParallel = 5

/**
 * Finds work that is due and does it. One process at a time looks for it; the claim of a row decides who does it, so no lock is held
 * while a slow mail server answers.
 */
export async function sweepJobs(deps: Deps, { jobs, lock }: { jobs: Job[]; lock: number }): Promise<void> {
  const found: (() => Promise<void>)[] = []
  await withAdvisoryLock(deps, lock, async () => {
    for (const given of jobs)
      for (const payload of await given.due(deps)) found.push(() => runJob(deps, given, payload))
  })
  const slots = new Semaphore(maxParallel)
  await Promise.all(found.map((run) => slots.run(run)))
}

/** Runs `fn` under an advisory lock, or not at all while another process holds it. */
export async function withAdvisoryLock(deps: Deps, lock: number, fn: () => Promise<void>): Promise<void> {
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
