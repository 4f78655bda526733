import { Worker } from 'bullmq'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { type DueTable, findDueRows, runDueRow } from './due-tables.ts'
import { bullConnection, type JobName, jobNames, type Nudge } from './queue.ts'
import { redisCloseMs, waitAtMost } from './timeout.ts'

/** One kind of work: `start` does a row, or returns null when its id makes no sense; `due` finds rows without any nudge. */
export type Job = {
  name: JobName
  start: (deps: Deps, id: unknown) => Promise<void> | null
  due: (deps: Deps) => Promise<{ id: string }[]>
}

const rowId = z.uuid()

export function jobOf(table: DueTable): Job {
  const start = (deps: Deps, id: unknown) => {
    const read = rowId.safeParse(id)
    return read.success ? runDueRow(deps, table, read.data) : null
  }
  return { name: table.name, start, due: (deps) => findDueRows(deps, table) }
}

/** Throws unless each name has exactly one handler: without a handler its jobs are never done, with two they are done twice. */
export function checkJobs(jobs: Job[], names: readonly JobName[] = jobNames): void {
  for (const name of names) {
    const count = jobs.filter((given) => given.name === name).length
    if (count !== 1) throw new Error(`The work "${name}" has ${count} handlers instead of one.`)
  }
}

/** Runs one job. A failure that the job could not write into its row is logged, and the sweep tries again. */
export async function runJob(deps: Deps, { name, start }: Job, id: unknown): Promise<void> {
  try {
    const started = start(deps, id)
    if (!started) return deps.log.warn({ name }, 'a nudge that makes no sense was dropped')
    await started
  } catch (error) {
    deps.metrics.jobs.inc({ name, outcome: 'error' })
    deps.log.warn({ err: error, name }, 'work was interrupted; it stays due')
  }
}

const maxParallel = 5
const stopTimeoutMs = 8_000

/**
 * Listens for nudges of these organisations, which have one Redis. The returned function stops it and waits for running jobs, but not for
 * ever: a job that is cut off stays due in its row.
 */
export function startJobWorkers(organisations: [Deps, ...Deps[]], jobs: Job[]): () => Promise<void> {
  const [{ env, log }] = organisations
  const depsOf = new Map(organisations.map((deps) => [deps.env.ORGANISATION, deps]))
  checkJobs(jobs)
  const runningJobs = new Set<Promise<void>>()
  const start = async (given: Job, data: Partial<Nudge> | null) => {
    const deps = depsOf.get(data?.organisation ?? '')
    // Its own sweep finds the work of an organisation that is served elsewhere.
    if (!deps) return log.debug({ name: given.name }, 'a nudge of an unknown organisation was dropped')
    const running = runJob(deps, given, data?.id).finally(() => runningJobs.delete(running))
    runningJobs.add(running)
    await running
  }
  const workers = jobs.map((given) => {
    const worker = new Worker(given.name, (nudge) => start(given, nudge.data as Nudge | null), {
      connection: bullConnection(env, { blocking: true }),
      prefix: env.REDIS_PREFIX,
      concurrency: maxParallel,
    })
    // The connection of `redis.ts` logs once that Redis is away; here every worker would do so every second.
    worker.on('error', (error) => log.debug({ err: error, name: given.name }, 'a worker has no Redis'))
    return worker
  })
  return async () => {
    const closed = Promise.all(workers.map((worker) => worker.close()))
    await waitAtMost(stopTimeoutMs, Promise.all(runningJobs))
    await waitAtMost(redisCloseMs, closed)
  }
}
