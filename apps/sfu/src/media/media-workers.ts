import { limits } from '@veche/shared/limits'
import type { Deps } from '../deps.ts'
import { CallError, fail } from '../errors.ts'
import { MediaWorker } from './MediaWorker.ts'

/** Starts all workers of the node, or none. */
export async function startMediaWorkers(deps: Deps): Promise<MediaWorker[]> {
  const indexes = Array.from({ length: deps.env.SFU_WORKERS }, (_, index) => index)
  const started = await Promise.allSettled(indexes.map((index) => MediaWorker.start(deps, index)))
  const workers = started.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
  const failed = started.find((one) => one.status === 'rejected')
  if (!failed) return workers
  for (const worker of workers) worker.close()
  throw failed.reason
}

/** The worker for a new room: the least loaded one that is not full. When all have died, it waits until the first is back. */
export async function chooseMediaWorker(deps: Deps, workers: MediaWorker[]): Promise<MediaWorker> {
  if (!workers.some(({ isAlive }) => isAlive)) await firstAlive(deps, workers)
  const free = workers.filter(({ isAlive, isFull }) => isAlive && !isFull)
  const least = free.sort((a, b) => a.load - b.load || a.seatCount - b.seatCount || a.rooms.size - b.rooms.size)[0]
  return least ?? fail('server.busy')
}

function firstAlive({ clock }: Deps, workers: MediaWorker[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limits.call.requestSeconds * 1000, () => reject(new CallError('call.media_lost')))
    void Promise.race(workers.map(({ started }) => started)).then(() => resolve(cancel()))
  })
}
