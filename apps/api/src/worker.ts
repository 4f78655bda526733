import { deleteOldSignInRows } from './auth/retention.ts'
import { deleteEmptiedGroups } from './chats/emptied-groups.ts'
import { handOverGroups } from './chats/ownerless-groups.ts'
import type { Deps } from './deps.ts'
import { deleteOldListened } from './files/listened.ts'
import { deleteUnheldContents, removeUploadLeftovers } from './files/unheld-contents.ts'
import { UseWatch } from './files/UseWatch.ts'
import { deleteOldMeetings } from './meetings/ended/retention.ts'
import { sweepMeetings } from './meetings/sweep.ts'
import { deleteOldMails } from './mail/retention.ts'
import { withAdvisoryLock } from './platform/work/advisory-lock.ts'
import { deleteOldGivenUpRows } from './platform/work/given-up.ts'
import { startTimer, sweepTimer, type Timer } from './platform/work/sweep.ts'
import { followNudges } from './platform/work/nudges.ts'

export type WorkerTimes = { sweepMs: number; retentionMs: number; meetingsMs: number }

/** A deleted file is to be gone within a minute, and a preview whose nudge was lost is to be there within one. */
export const usualTimes: WorkerTimes = { sweepMs: 15_000, retentionMs: 3_600_000, meetingsMs: 2_000 }

/** The worker of these organisations: work that the queue nudges, and timers that need no queue. Returns a function that stops it. */
export function startWorker(organisations: [Deps, ...Deps[]], times: WorkerTimes = usualTimes): () => Promise<void> {
  for (const { mediaTools, log } of organisations) {
    mediaTools.warnOfMissing()
    mediaTools.removeAbandoned().catch((error: unknown) => log.warn({ err: error }, 'what was left behind stays'))
  }
  const timers = organisations.flatMap((deps) => workerTimers(deps, times).map((timer) => startTimer(deps, timer)))
  const stops = [followNudges(organisations), ...timers]
  return async () => {
    // A rendition takes minutes: its row is due again at once, and not only when its lease is over.
    for (const { mediaTools } of organisations) mediaTools.stopRuns()
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
  const useWatch = new UseWatch(deps)
  return [
    ...deps.dueTables.map((table) => sweepTimer(deps, { table, everyMs: sweepMs })),
    round('meetings', meetingsMs, sweepMeetings),
    round('upkeep', sweepMs, (_deps, signal) => keepUp(deps, useWatch, signal)),
    round('retention', retentionMs, deleteOldRows),
  ]
}

async function keepUp(deps: Deps, useWatch: UseWatch, signal: AbortSignal): Promise<void> {
  await handOverGroups(deps)
  await deleteUnheldContents(deps, signal)
  await useWatch.look()
}

async function deleteOldRows(deps: Deps, signal: AbortSignal): Promise<void> {
  await deleteOldSignInRows(deps, signal)
  signal.throwIfAborted()
  await deleteOldMails(deps, signal)
  await deleteOldGivenUpRows(deps, signal)
  await deleteOldMeetings(deps, signal)
  await deleteEmptiedGroups(deps, signal)
  await deleteOldListened(deps, signal)
  // Last, since the storage of files may be away.
  await removeUploadLeftovers(deps)
}
