import type { Heartbeat, MeetingUpdate } from '@veche/shared/nodes'
import type { Redis } from 'ioredis'
import { Registry } from 'prom-client'
import type { Env } from './env.ts'
import { SessionLookup } from './auth/SessionLookup.ts'
import { rowSources as chatRows } from './chats/rows.ts'
import { chatView } from './chats/view.ts'
import { ParticipantPreviews } from './meetings/seats/ParticipantPreviews.ts'
import { reconcileMeetings } from './meetings/seats/node-reports.ts'
import { rowSources as meetingRows } from './meetings/rows.ts'
import { meetingView } from './meetings/scopes.ts'
import { createMailer, type Mailer } from './mail/mailer.ts'
import { rowSources as messageRows } from './messages/rows.ts'
import { NodeControl } from './nodes/NodeControl.ts'
import { NodeWatch } from './nodes/NodeWatch.ts'
import { Tickets } from './nodes/tickets.ts'
import { rowSources as userRows } from './users/rows.ts'
import { directoryView, userView } from './users/views.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { type Database, openPools } from './platform/db.ts'
import { Hints } from './platform/hints.ts'
import type { Pipelines } from './platform/Pipelines.ts'
import { RateLimits } from './platform/limits.ts'
import { createLogger, type Logger } from './platform/logger.ts'
import { createMetrics, type Metrics } from './platform/metrics.ts'
import { Queue } from './platform/queue.ts'
import { connectRedis } from './platform/redis.ts'
import type { RowSource } from './platform/row-sources.ts'
import type { ScopeView } from './platform/scope-views.ts'
import { ScopeWriters } from './platform/ScopeWriters.ts'
import { Semaphore } from './platform/semaphore.ts'
import { Streams } from './sync/streams.ts'

/** Everything that is made once for a process. Made here and nowhere else. */
export type Deps = {
  env: Env
  log: Logger
  clock: Clock
  db: Database
  polls: Database
  pipelines: Pipelines
  writers: ScopeWriters
  redis: Redis
  hints: Hints
  sessions: SessionLookup
  queue: Queue
  limits: RateLimits
  mailer: Mailer
  metrics: Metrics
  rowSources: RowSource[]
  scopeViews: ScopeView[]
  gates: { scope: Semaphore; open: Semaphore; state: Semaphore; hash: Semaphore }
  tickets: Tickets
  nodeControl: NodeControl
  participantPreviews: ParticipantPreviews
  /** Compares what a media node reports of its meetings with Postgres; the feature above the nodes brings it. */
  reconcileMeetings: (deps: Deps, beat: Heartbeat) => Promise<MeetingUpdate[]>
  nodeWatch: NodeWatch
  streams: Streams
}

/** What those stand on that need all the rest. */
export type BaseDeps = Omit<Deps, 'streams' | 'nodeWatch'>

export type Given = { log?: Logger; clock?: Clock }

export function createDeps(env: Env, given: Given = {}): Deps {
  const log = given.log ?? createLogger(env.LOG_LEVEL, 'api')
  const redis = connectRedis(env.REDIS_URL, log)
  const subscriber = connectRedis(env.REDIS_URL, log, { blocking: true })
  const pools = openPools(env.DATABASE_URL, env.DATABASE_POOL, log)
  const hints = new Hints(redis, subscriber, { prefix: env.REDIS_PREFIX, log })
  const deps: BaseDeps = {
    env,
    log,
    clock: given.clock ?? systemClock,
    ...pools,
    writers: new ScopeWriters(pools.pipelines),
    sessions: new SessionLookup(pools.polls, log),
    redis,
    hints,
    queue: new Queue(env, log),
    limits: new RateLimits(redis, env.REDIS_PREFIX),
    mailer: createMailer(env),
    metrics: createMetrics(new Registry()),
    rowSources: [...chatRows, ...messageRows, ...meetingRows, ...userRows],
    scopeViews: [chatView, meetingView, userView, directoryView],
    tickets: new Tickets(env),
    nodeControl: new NodeControl(env),
    participantPreviews: new ParticipantPreviews({ polls: pools.polls, hints, log }),
    reconcileMeetings,
    // At most four connections for one scope, so that a hot chat cannot eat the pool; at most three streams and eight states at
    // once, so that everybody who comes back after a restart waits here and not for a connection.
    // Four passwords hashed at once take 190 MB and every thread that Node has for such work.
    gates: { scope: new Semaphore(4), open: new Semaphore(3), state: new Semaphore(8), hash: new Semaphore(4) },
  }
  // The streams stand on all the rest, and are part of it for the procedures that ask them.
  return Object.assign(deps, { streams: new Streams(deps), nodeWatch: new NodeWatch(deps) })
}

export async function closeDeps(deps: Deps): Promise<void> {
  deps.streams.close()
  deps.nodeWatch.stop()
  await deps.nodeControl.close()
  await deps.queue.close()
  deps.hints.close()
  deps.mailer.close()
  deps.redis.disconnect()
  await Promise.all([deps.db.destroy(), deps.polls.destroy(), deps.pipelines.close()])
}
