import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { Trouble } from './trouble.ts'

export type Lock = { release(): void }

/**
 * A lock that the kernel keeps on an open file: it ends with this process, however that ends, so no lock is ever
 * stale. `flock` sets it on the descriptor we share with it and leaves; the descriptor stays ours.
 */
export function takeLock(file: string): Lock | undefined {
  const descriptor = openSync(file, 'a', 0o600)
  const { status, error } = spawnSync('flock', ['--nonblock', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  })
  if (status === 0) return { release: () => closeSync(descriptor) }
  closeSync(descriptor)
  if (error) throw new Trouble(`"flock" does not run on this machine: ${error.message}.`)
  return undefined
}

/** One at a time over processes: two commands in one checkout must not install or build at once. */
export async function whileLocked<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  let lock = takeLock(file)
  if (!lock) waiting()
  for (; !lock; lock = takeLock(file)) await wait(300)
  try {
    return await work()
  } finally {
    lock.release()
  }
}
