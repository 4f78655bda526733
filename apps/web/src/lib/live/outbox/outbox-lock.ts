import type { Store } from '../../store/Store.ts'
import type { Environment } from '../environment.ts'

/** A tab that holds the lock and says nothing for this long is taken for frozen. */
const FROZEN_AFTER_MS = 5_000
const ALIVE_INTERVAL_MS = 1_000

type LockDeps = { store: Store; environment: Environment; stopped: AbortSignal }

/**
 * Runs `work` while this tab holds the outbox lock: one tab at a time sends. The lock saves requests and guarantees nothing; a message
 * that two tabs send is stored once because of its client id. So the lock of a frozen tab may be stolen.
 */
export async function withOutboxLock(deps: LockDeps, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { store, environment, stopped } = deps
  const lost = new AbortController()
  const runLocked = () => whileTellingAlive(deps, () => work(AbortSignal.any([lost.signal, stopped])))
  const { locks } = environment
  if (!locks) return await runLocked()
  const name = `veche-outbox-${store.name}`
  const queued = new AbortController()
  const stopWatching = onHolderFrozen(deps, () => queued.abort())
  stopped.addEventListener('abort', () => queued.abort(), { once: true })
  try {
    await locks.request(name, { signal: queued.signal }, () => {
      stopWatching()
      return runLocked()
    })
  } catch (error) {
    if (!isAbort(error)) throw error
    stopWatching()
    if (stopped.aborted) return
    // Either the holder is frozen and its lock is stolen, or another tab stole the lock from this one.
    if (queued.signal.aborted) await stealLock(locks, name, runLocked)
    lost.abort()
  }
}

async function stealLock(
  locks: Pick<LockManager, 'request'>,
  name: string,
  runLocked: () => Promise<void>,
): Promise<void> {
  try {
    await locks.request(name, { steal: true }, runLocked)
  } catch (error) {
    if (!isAbort(error)) throw error
  }
}

/** Runs it when no tab has said for a while that it is sending. Returns a function that stops watching. */
function onHolderFrozen({ store, environment }: LockDeps, run: () => void): () => void {
  let cancel = environment.after(FROZEN_AFTER_MS, run)
  const unsubscribe = store.on('sending', () => {
    cancel()
    cancel = environment.after(FROZEN_AFTER_MS, run)
  })
  return () => {
    cancel()
    unsubscribe()
  }
}

async function whileTellingAlive({ store, environment }: LockDeps, work: () => Promise<void>): Promise<void> {
  let cancel = () => undefined as void
  const tell = () => {
    store.tellSending()
    cancel = environment.after(ALIVE_INTERVAL_MS, tell)
  }
  tell()
  try {
    await work()
  } finally {
    cancel()
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
