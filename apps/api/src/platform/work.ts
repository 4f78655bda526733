import { Worker } from 'bullmq'
import type { z } from 'zod'
import type { Deps } from '../deps.ts'
import { bullConnection, type JobName, jobNames, type Jobs } from './queue.ts'

/** How one kind of work is done. The row is the record: `run` claims it, `due` finds the rows that nobody was told of. */
export type Job<N extends JobName = JobName> = {
  name: N
  payload: z.ZodType<Jobs[N]>
  run: (deps: Deps, payload: Jobs[N]) => Promise<void>
  due: (deps: Deps) => Promise<Jobs[N][]>
}

export function job<N extends JobName>(given: Job<N>): Job<N> {
  return given
}

/** A name without a handler would be work that nobody does; two handlers, work that is done twice. */
export function checkJobs(jobs: Job[], names: readonly JobName[] = jobNames): void {
  for (const name of names) {
    const count = jobs.filter((given) => given.name === name).length
    if (count !== 1) throw new Error(`The work "${name}" has ${count} handlers instead of one.`)
  }
}

/** Runs one piece of work. What goes wrong in it stands in its row; what even that cannot say is logged, and the sweep comes back. */
export async function runJob(deps: Deps, { name, payload, run }: Job, data: unknown): Promise<void> {
  const read = payload.safeParse(data)
  if (!read.success) return deps.log.warn({ name }, 'a nudge that makes no sense was dropped')
  try {
    await run(deps, read.data)
  } catch (error) {
    deps.metrics.jobs.inc({ name, outcome: 'error' })
    deps.log.warn({ err: error, name }, 'work was interrupted; it stays due')
  }
}

const atOnce = 5
/** How long a stop waits for what is in hand. */
const patience = 8_000

/**
 * Listens for nudges. Answers a stop that lets what is in hand come to its end, within bounds: what is cut off stays due in its row.
 */
export function startWork(deps: Deps, jobs: Job[]): () => Promise<void> {
  checkJobs(jobs)
  const workers = jobs.map((given) => {
    const worker = new Worker(given.name, (nudge) => runJob(deps, given, nudge.data), {
      connection: bullConnection(deps.env, { blocking: true }),
      prefix: deps.env.REDIS_PREFIX,
      concurrency: atOnce,
    })
    // Redis away is told by its own connection once, not by every worker every second.
    worker.on('error', (error) => deps.log.debug({ err: error, name: given.name }, 'a worker has no Redis'))
    return worker
  })
  return async () => {
    await Promise.all(workers.map((worker) => within(patience, worker.close())))
  }
}

/** Resolves when the work is done or the time is up, whichever comes first. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work.catch(() => undefined), promise])
  clearTimeout(timer)
}
