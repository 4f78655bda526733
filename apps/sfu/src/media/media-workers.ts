import { callLimits } from '@veche/shared/meeting-limits'
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

/**
 * The worker for a new room: the least loaded one that is not full. Rooms that it was given just now count, so the room must be opened
 * before another one is chosen.
 */
export function chooseMediaWorker(workers: MediaWorker[]): MediaWorker {
  const free = workers.filter(({ isAlive, isFull }) => isAlive && !isFull)
  const byLoad = (a: MediaWorker, b: MediaWorker) =>
    a.expectedLoad - b.expectedLoad || a.seatCount - b.seatCount || a.rooms.size - b.rooms.size
  return free.sort(byLoad)[0] ?? fail('server.busy')
}

/** When all workers have died, it waits until the first is back. */
export async function whenAnyIsAlive({ clock }: Deps, workers: MediaWorker[]): Promise<void> {
  if (workers.some(({ isAlive }) => isAlive)) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const cancel = clock.after(callLimits.requestSeconds * 1000, () => reject(new CallError('call.media_lost')))
  void Promise.race(workers.map(({ started }) => started)).then(() => resolve(cancel()))
  return promise
}
