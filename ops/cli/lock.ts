import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { CommandError } from './errors.ts'

export type Lock = { release(): void }

/**
 * A lock that the kernel keeps on an open file. It ends with this process, however that ends, so a lock is never
 * stale. `flock` sets it on a descriptor that it shares with us, and exits; we keep the descriptor.
 */
export function takeLock(file: string): Lock | undefined {
  const descriptor = openSync(file, 'a', 0o600)
  const { status, error } = spawnSync('flock', ['--nonblock', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  })
  if (status === 0) return { release: () => closeSync(descriptor) }
  closeSync(descriptor)
  if (error) throw new CommandError(`"flock" does not run on this machine: ${error.message}.`)
  return undefined
}

/** Runs the work in one process at a time: two commands in one checkout must not install or build together. */
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
