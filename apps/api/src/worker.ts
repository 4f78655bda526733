import { tidySignIn } from './auth/retention.ts'
import type { Deps } from './deps.ts'
import { jobs as mailJobs } from './mail/jobs.ts'
import { sweepMeetings } from './meetings/sweep.ts'
import { tidyMails } from './mail/retention.ts'
import { alone, startTimer, sweep } from './platform/sweep.ts'
import { startWork } from './platform/work.ts'

const jobs = [...mailJobs]
const locks = { sweep: 8_327_510, retention: 8_327_511, meetings: 8_327_512 }

export type WorkerTimes = { sweepMs: number; retentionMs: number; meetingsMs: number }

/** The worker: nudges from the queue, and the three timers that need no queue. Answers its stop. */
export function startWorker(
  deps: Deps,
  { sweepMs, retentionMs, meetingsMs }: WorkerTimes = { sweepMs: 15_000, retentionMs: 3_600_000, meetingsMs: 2_000 },
): () => Promise<void> {
  const stops = [
    startWork(deps, jobs),
    startTimer(deps, { name: 'sweep', everyMs: sweepMs, run: () => sweep(deps, { jobs, lock: locks.sweep }) }),
    startTimer(deps, {
      name: 'meetings',
      everyMs: meetingsMs,
      run: () => alone(deps, locks.meetings, () => sweepMeetings(deps)),
    }),
    startTimer(deps, { name: 'retention', everyMs: retentionMs, run: () => tidy(deps) }),
  ]
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

function tidy(deps: Deps): Promise<void> {
  return alone(deps, locks.retention, async () => {
    await tidySignIn(deps)
    await tidyMails(deps)
  })
}
