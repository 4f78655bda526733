import { deleteOldSignInRows } from './auth/retention.ts'
import { handOverGroups } from './chats/ownerless-groups.ts'
import type { Deps } from './deps.ts'
import { jobs as mailJobs } from './mail/jobs.ts'
import { sweepMeetings } from './meetings/sweep.ts'
import { deleteOldMails } from './mail/retention.ts'
import { withAdvisoryLock, startTimer, sweepJobs } from './platform/work/sweep.ts'
import { startJobWorkers } from './platform/work/jobs.ts'

const jobs = [...mailJobs]
const locks = { sweep: 8_327_510, retention: 8_327_511, meetings: 8_327_512, owners: 8_327_513 }

export type WorkerTimes = { sweepMs: number; retentionMs: number; meetingsMs: number }

/** The worker: jobs that the queue nudges, and four timers that need no queue. Returns a function that stops it. */
export function startWorker(
  deps: Deps,
  { sweepMs, retentionMs, meetingsMs }: WorkerTimes = { sweepMs: 15_000, retentionMs: 3_600_000, meetingsMs: 2_000 },
): () => Promise<void> {
  const stops = [
    startJobWorkers(deps, jobs),
    startTimer(deps, { name: 'sweep', everyMs: sweepMs, run: () => sweepJobs(deps, { jobs, lock: locks.sweep }) }),
    startTimer(deps, {
      name: 'meetings',
      everyMs: meetingsMs,
      run: () => withAdvisoryLock(deps, locks.meetings, () => sweepMeetings(deps)),
    }),
    startTimer(deps, {
      name: 'owners',
      everyMs: sweepMs,
      run: () => withAdvisoryLock(deps, locks.owners, () => handOverGroups(deps)),
    }),
    startTimer(deps, { name: 'retention', everyMs: retentionMs, run: () => deleteOldRows(deps) }),
  ]
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

function deleteOldRows(deps: Deps): Promise<void> {
  return withAdvisoryLock(deps, locks.retention, async () => {
    await deleteOldSignInRows(deps)
    await deleteOldMails(deps)
  })
}
