import { deleteOldSignInRows } from './auth/retention.ts'
import { deleteEmptiedGroups } from './chats/emptied-groups.ts'
import { handOverGroups } from './chats/ownerless-groups.ts'
import type { Deps } from './deps.ts'
import { deleteUnheldContents, removeUploadLeftovers } from './files/unheld-contents.ts'
import { deleteOldMeetings } from './meetings/ended/retention.ts'
import { sweepMeetings } from './meetings/sweep.ts'
import { deleteOldMails } from './mail/retention.ts'
import { withAdvisoryLock } from './platform/work/advisory-lock.ts'
import { deleteOldGivenUpRows } from './platform/work/given-up.ts'
import { startTimer, sweepTimer, type Timer } from './platform/work/sweep.ts'
import { followNudges } from './platform/work/nudges.ts'

export type WorkerTimes = { sweepMs: number; retentionMs: number; meetingsMs: number }

/** The worker of these organisations: work that the queue nudges, and timers that need no queue. Returns a function that stops it. */
export function startWorker(
  organisations: [Deps, ...Deps[]],
  times: WorkerTimes = { sweepMs: 15_000, retentionMs: 3_600_000, meetingsMs: 2_000 },
): () => Promise<void> {
  const timers = organisations.flatMap((deps) => workerTimers(deps, times).map((timer) => startTimer(deps, timer)))
  const stops = [followNudges(organisations), ...timers]
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

/** Each holds a connection of the pool while it works with another: see DATABASE_POOL. */
export function workerTimers(deps: Deps, { sweepMs, retentionMs, meetingsMs }: WorkerTimes): Timer[] {
  const round = (name: string, everyMs: number, run: (deps: Deps, signal: AbortSignal) => Promise<void>): Timer => ({
    name,
    everyMs,
    run: () => withAdvisoryLock(deps, name, (signal) => run(deps, signal)),
  })
  return [
    ...deps.dueTables.map((table) => sweepTimer(deps, { table, everyMs: sweepMs })),
    round('meetings', meetingsMs, sweepMeetings),
    round('upkeep', sweepMs, keepUp),
    round('retention', retentionMs, deleteOldRows),
  ]
}

async function keepUp(deps: Deps, signal: AbortSignal): Promise<void> {
  await handOverGroups(deps)
  await deleteUnheldContents(deps, signal)
}

async function deleteOldRows(deps: Deps, signal: AbortSignal): Promise<void> {
  await deleteOldSignInRows(deps, signal)
  signal.throwIfAborted()
  await deleteOldMails(deps, signal)
  await deleteOldGivenUpRows(deps, signal)
  await deleteOldMeetings(deps, signal)
  await deleteEmptiedGroups(deps, signal)
  // Last, since the storage of files may be away.
  await removeUploadLeftovers(deps)
}
