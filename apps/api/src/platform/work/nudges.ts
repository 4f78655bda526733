import { Worker } from 'bullmq'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { type DueTable, tryRowInTurn, usualParallel } from './due-tables.ts'
import { bullConnection, type Nudge, type WorkName, workNames } from './queue.ts'
import { redisCloseMs, waitAtMost } from './timeout.ts'

/** Throws unless each name has exactly one table: without one its work is never done, with two it is done twice. */
export function requireTableForEachName(tables: DueTable[], names: readonly WorkName[] = workNames): void {
  for (const name of names) {
    const count = tables.filter((table) => table.name === name).length
    if (count !== 1) throw new Error(`The work "${name}" has ${count} due tables instead of one.`)
  }
}

const rowId = z.uuid()

/** Does the row that a nudge names, or the one whose turn it is. */
export async function followNudge(deps: Deps, table: DueTable, { id }: Pick<Nudge, 'id'>): Promise<void> {
  const read = rowId.safeParse(id)
  if (read.success) await tryRowInTurn(deps, table, read.data)
  else deps.log.warn({ name: table.name }, 'a nudge that makes no sense was dropped')
}

const stopTimeoutMs = 8_000

/**
 * Listens for nudges of these organisations, which have one Redis and the same due tables. The returned function stops it and waits for
 * rows that are being done, but not for ever: one that is cut off stays due.
 */
export function followNudges(organisations: [Deps, ...Deps[]]): () => Promise<void> {
  const [{ env, log, dueTables }] = organisations
  const depsOf = new Map(organisations.map((deps) => [deps.env.ORGANISATION, deps]))
  requireTableForEachName(dueTables)
  const running = new Set<Promise<void>>()
  const follow = async (table: DueTable, nudge: Partial<Nudge> | null) => {
    const deps = depsOf.get(nudge?.organisation ?? '')
    // Its own sweep finds the work of an organisation that is served elsewhere.
    if (!deps) return log.debug({ name: table.name }, 'a nudge of an unknown organisation was dropped')
    const followed = followNudge(deps, table, { id: nudge?.id }).finally(() => running.delete(followed))
    running.add(followed)
    await followed
  }
  const workers = dueTables.map((table) => {
    const worker = new Worker(table.name, ({ data }) => follow(table, data as Nudge | null), {
      connection: bullConnection(env, { blocking: true }),
      prefix: env.REDIS_PREFIX,
      concurrency: table.parallel ?? usualParallel,
    })
    // The connection of `redis.ts` logs once that Redis is away; here every worker would do so every second.
    worker.on('error', (error) => log.debug({ err: error, name: table.name }, 'a worker has no Redis'))
    return worker
  })
  return async () => {
    const closed = Promise.all(workers.map((worker) => worker.close()))
    await waitAtMost(stopTimeoutMs, Promise.all(running))
    await waitAtMost(redisCloseMs, closed)
  }
}
