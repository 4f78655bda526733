import type { Redis } from 'ioredis'
import { Registry } from 'prom-client'
import type { Env } from './env.ts'
import { rowSources as dialogRows } from './dialogs/rows.ts'
import { rowSources as messageRows } from './messages/rows.ts'
import { rowSources as userRows } from './users/rows.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { type Database, openPools } from './platform/db.ts'
import { Hints } from './platform/hints.ts'
import { RateLimits } from './platform/limits.ts'
import { createLogger, type Logger } from './platform/logger.ts'
import { createMetrics, type Metrics } from './platform/metrics.ts'
import { Queue } from './platform/queue.ts'
import { connectRedis } from './platform/redis.ts'
import type { RowSource } from './platform/row-sources.ts'
import { Semaphore } from './platform/semaphore.ts'

/** Everything that is made once for a process. Made here and nowhere else. */
export type Deps = {
  env: Env
  log: Logger
  clock: Clock
  db: Database
  polls: Database
  redis: Redis
  hints: Hints
  queue: Queue
  limits: RateLimits
  metrics: Metrics
  rowSources: RowSource[]
  gates: { scope: Semaphore; state: Semaphore }
}

export type Given = { log?: Logger; clock?: Clock }

export function createDeps(env: Env, given: Given = {}): Deps {
  const log = given.log ?? createLogger(env.LOG_LEVEL, 'api')
  const redis = connectRedis(env.REDIS_URL, log)
  const subscriber = connectRedis(env.REDIS_URL, log, { blocking: true })
  return {
    env,
    log,
    clock: given.clock ?? systemClock,
    ...openPools(env.DATABASE_URL, env.DATABASE_POOL, log),
    redis,
    hints: new Hints(redis, subscriber, log),
    queue: new Queue(env, log),
    limits: new RateLimits(redis),
    metrics: createMetrics(new Registry()),
    rowSources: [...dialogRows, ...messageRows, ...userRows],
    // At most four connections for one scope, so that a hot dialog cannot eat the pool; at most eight first pages at once.
    gates: { scope: new Semaphore(4), state: new Semaphore(8) },
  }
}

export async function closeDeps(deps: Deps): Promise<void> {
  await deps.queue.close()
  deps.hints.close()
  deps.redis.disconnect()
  await Promise.all([deps.db.destroy(), deps.polls.destroy()])
}
