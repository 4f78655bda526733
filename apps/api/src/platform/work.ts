import { Worker } from 'bullmq'
import type { z } from 'zod'
import type { Deps } from '../deps.ts'
import { bullConnection, type JobName, jobNames, type Jobs } from './queue.ts'
import { goodbye, within } from './within.ts'

/** How one kind of work is done. The row is the record: `run` claims it, `due` finds the rows that nobody was told of. */
type Given<N extends JobName> = {
  name: N
  payload: z.ZodType<Jobs[N]>
  run: (deps: Deps, payload: Jobs[N]) => Promise<void>
  due: (deps: Deps) => Promise<Jobs[N][]>
}

/** Jobs of all kinds stand in one list: what a nudge brings is read here, and null is the answer to what makes no sense. */
export type Job = {
  name: JobName
  start: (deps: Deps, data: unknown) => Promise<void> | null
  due: (deps: Deps) => Promise<unknown[]>
}

export function job<N extends JobName>({ name, payload, run, due }: Given<N>): Job {
  const start = (deps: Deps, data: unknown) => {
    const read = payload.safeParse(data)
    return read.success ? run(deps, read.data) : null
  }
  return { name, start, due }
}

/** A name without a handler would be work that nobody does; two handlers, work that is done twice. */
export function checkJobs(jobs: Job[], names: readonly JobName[] = jobNames): void {
  for (const name of names) {
    const count = jobs.filter((given) => given.name === name).length
    if (count !== 1) throw new Error(`The work "${name}" has ${count} handlers instead of one.`)
  }
}

/** Runs one piece of work. What goes wrong in it stands in its row; what even that cannot say is logged, and the sweep comes back. */
export async function runJob(deps: Deps, { name, start }: Job, data: unknown): Promise<void> {
  try {
    const started = start(deps, data)
    if (!started) return deps.log.warn({ name }, 'a nudge that makes no sense was dropped')
    await started
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
  const inHand = new Set<Promise<void>>()
  const take = (given: Job, data: unknown) => {
    const running = runJob(deps, given, data).finally(() => inHand.delete(running))
    inHand.add(running)
    return running
  }
  const workers = jobs.map((given) => {
    const worker = new Worker(given.name, (nudge) => take(given, nudge.data), {
      connection: bullConnection(deps.env, { blocking: true }),
      prefix: deps.env.REDIS_PREFIX,
      concurrency: atOnce,
    })
    // Redis away is told by its own connection once, not by every worker every second.
    worker.on('error', (error) => deps.log.debug({ err: error, name: given.name }, 'a worker has no Redis'))
    return worker
  })
  return async () => {
    const closed = Promise.all(workers.map((worker) => worker.close()))
    await within(patience, Promise.all(inHand))
    await within(goodbye, closed)
  }
}
