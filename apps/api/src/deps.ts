import { resolve } from 'node:path'
import type { Heartbeat, MeetingUpdate } from '@veche/shared/nodes'
import type { SessionId } from '@veche/shared/ids'
import { serverLimits } from '@veche/shared/server-limits'
import type { Redis } from 'ioredis'
import { Registry } from 'prom-client'
import { type PasswordCost, passwordCost } from './auth/passwords/passwords.ts'
import { SessionLookup } from './auth/SessionLookup.ts'
import { chatRowSources } from './chats/rows.ts'
import { chatView } from './chats/view.ts'
import { type Env, ownRedisPrefix } from './env.ts'
import { mailTable } from './mail/delivery.ts'
import { createMailer, type Mailer } from './mail/mailer.ts'
import type { FileStorage } from './files/storage/FileStorage.ts'
import { openFileStorage } from './files/storage/open.ts'
import { listenedRowSource } from './files/listened.ts'
import { mediaTable } from './files/previews/media-table.ts'
import { avatarLimits, PictureMaker } from './files/previews/PictureMaker.ts'
import { previewTable } from './files/previews/preview-table.ts'
import { renditionTable } from './files/previews/rendition-table.ts'
import { MediaTools } from './files/previews/tools/MediaTools.ts'
import { meetingRowSources } from './meetings/rows.ts'
import { meetingView } from './meetings/scopes.ts'
import { reconcileMeetings } from './meetings/seats/node-reports.ts'
import { ParticipantPreviews } from './meetings/seats/ParticipantPreviews.ts'
import { messageRowSources } from './messages/rows.ts'
import { NodeControl } from './nodes/NodeControl.ts'
import { NodeWatch } from './nodes/NodeWatch.ts'
import { Tickets } from './nodes/tickets.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { type Database, openPools } from './platform/db.ts'
import { Hints } from './platform/hints.ts'
import { createLogger, type Logger } from './platform/logger.ts'
import { createMetrics, type Metrics } from './platform/metrics.ts'
import { RateLimits } from './platform/rate-limits.ts'
import { connectRedis } from './platform/redis.ts'
import { LiveReads } from './platform/scopes/LiveReads.ts'
import type { RowSource } from './platform/scopes/row-sources.ts'
import { ScopeWriters } from './platform/scopes/ScopeWriters.ts'
import type { ScopeView } from './platform/scopes/views.ts'
import { PersonTurns } from './platform/PersonTurns.ts'
import { KeyedSemaphore, Semaphore } from './platform/Semaphore.ts'
import type { DueTable } from './platform/work/due-tables.ts'
import { Queue } from './platform/work/queue.ts'
import { LiveHub } from './sync/LiveHub.ts'
import { userRowSources } from './users/rows.ts'
import { directoryView, userView } from './users/views.ts'

/** Everything that a process makes once. It is made here and nowhere else. */
export type Deps = {
  env: Env
  log: Logger
  clock: Clock
  db: Database
  /** A small pool of its own, for what must go on while `db` is busy: polls, session checks, health. */
  polls: Database
  /** Another one, for the rows that live streams send. */
  liveReads: LiveReads
  writers: ScopeWriters
  redis: Redis
  hints: Hints
  sessions: SessionLookup
  passwordCost: PasswordCost
  queue: Queue
  limits: RateLimits
  mailer: Mailer
  fileStorage: FileStorage
  pictureMaker: PictureMaker
  mediaTools: MediaTools
  /** Of its own, so that nobody who changes an avatar waits behind previews. */
  avatarMaker: PictureMaker
  metrics: Metrics
  rowSources: RowSource[]
  scopeViews: ScopeView[]
  dueTables: DueTable[]
  /** How much of each kind of work runs at the same time; the rest waits for a slot. */
  gates: {
    scope: KeyedSemaphore
    content: KeyedSemaphore
    work: KeyedSemaphore
    download: Semaphore
    open: Semaphore
    state: Semaphore
    hash: Semaphore
  }
  turns: { read: PersonTurns; open: PersonTurns; avatar: PersonTurns }
  tickets: Tickets
  nodeControl: NodeControl
  participantPreviews: ParticipantPreviews
  /** Compares what a media node reports of its meetings with Postgres; the meetings provide it, because the nodes know no meetings. */
  reconcileMeetings: (deps: Deps, beat: Heartbeat) => Promise<MeetingUpdate[]>
  nodeWatch: NodeWatch
  liveHub: LiveHub
}

/** The dependencies from which the live hub and the node watch are made. */
export type BaseDeps = Omit<Deps, 'liveHub' | 'nodeWatch'>

export type GivenDeps = { log?: Logger; clock?: Clock; passwordCost?: PasswordCost }

/** What the features register. */
const registered = {
  rowSources: [...chatRowSources, ...messageRowSources, ...meetingRowSources, ...userRowSources, listenedRowSource],
  scopeViews: [chatView, meetingView, userView, directoryView],
  dueTables: [mailTable, previewTable, mediaTable, renditionTable],
}

export function createDeps(env: Env, given: GivenDeps = {}): Deps {
  const log = given.log ?? createLogger(env.LOG_LEVEL, 'api')
  const redis = connectRedis(env.REDIS_URL, log)
  const subscriber = connectRedis(env.REDIS_URL, log, { blocking: true })
  const { db, polls, liveReads, pipelines, lookups } = openPools(env.DATABASE_URL, env.DATABASE_POOL, log)
  const hints = new Hints(redis, subscriber, { prefix: ownRedisPrefix(env), log })
  const sessions = new SessionLookup(polls, lookups, log)
  const deps: BaseDeps = {
    env,
    log,
    clock: given.clock ?? systemClock,
    db,
    polls,
    liveReads: new LiveReads(liveReads, polls, registered),
    writers: new ScopeWriters(pipelines),
    sessions,
    passwordCost: given.passwordCost ?? passwordCost,
    redis,
    hints,
    queue: new Queue(env, log),
    limits: new RateLimits(redis, ownRedisPrefix(env)),
    mailer: createMailer(env),
    fileStorage: openFileStorage(env, log),
    pictureMaker: new PictureMaker(),
    mediaTools: new MediaTools(resolve(env.VECHE_DATA, 'files', 'making'), log),
    avatarMaker: new PictureMaker(avatarLimits),
    metrics: createMetrics(new Registry()),
    ...registered,
    tickets: new Tickets(env),
    nodeControl: new NodeControl(env),
    participantPreviews: new ParticipantPreviews({ polls, hints, log }),
    reconcileMeetings,
    gates: newGates(),
    turns: newTurns(sessions),
  }
  return Object.assign(deps, { liveHub: new LiveHub(deps), nodeWatch: new NodeWatch(deps) })
}

/**
 * One scope takes four connections at most, so that a hot chat cannot use up the pool. Three live streams open and eight states are read
 * at the same time: after a restart every client comes at once, and waits here instead of for a connection. Four passwords hashed at the
 * same time take 190 MB and all threads that Node has for such work. The bytes of an upload are read once, however many wait for it. The
 * rights of running downloads are asked again two at a time.
 */
function newGates(): Deps['gates'] {
  return {
    scope: new KeyedSemaphore(4),
    content: new KeyedSemaphore(1),
    work: new KeyedSemaphore(1),
    download: new Semaphore(2),
    open: new Semaphore(3),
    state: new Semaphore(8),
    hash: new Semaphore(4),
  }
}

/** Fifty tabs of one person may come back at once, and each asks for several things. */
function newTurns(sessions: SessionLookup): Deps['turns'] {
  const isLive = (id: SessionId) => sessions.isStillLive(id)
  const tabs = serverLimits.sync.streams
  return {
    read: new PersonTurns(isLive, { running: 2, waiting: 4 * tabs }),
    open: new PersonTurns(isLive, { running: 1, waiting: tabs }),
    // Of one person one picture waits for the maker, and the next one for that.
    avatar: new PersonTurns(isLive, { running: 1, waiting: 1 }),
  }
}

export async function closeDeps(deps: Deps): Promise<void> {
  deps.liveHub.close()
  deps.nodeWatch.stop()
  await deps.nodeControl.close()
  await deps.queue.close()
  deps.hints.close()
  deps.mailer.close()
  deps.pictureMaker.close()
  deps.mediaTools.stopRuns()
  deps.avatarMaker.close()
  await deps.fileStorage.close()
  deps.redis.disconnect()
  await Promise.all([deps.db.destroy(), deps.polls.destroy(), deps.liveReads.close(), deps.writers.close()])
}
