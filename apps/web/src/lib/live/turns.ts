import type { Store } from '../store/Store.ts'
import type { World } from './world.ts'

const STALE_MS = 5_000
const ALIVE_MS = 1_000

type Deps = { store: Store; world: World; stopped: AbortSignal }

/**
 * One tab at a time sends. It is an economy, not a guarantee: the client id makes a double harmless. So a tab that was frozen by its
 * browser while it had the turn, and says nothing for a while, loses it.
 */
export async function takeTurns({ store, world, stopped }: Deps, work: (signal: AbortSignal) => Promise<void>) {
  const lost = new AbortController()
  const signal = AbortSignal.any([lost.signal, stopped])
  const turn = () => alive({ store, world }, () => work(signal))
  const { locks } = world
  if (!locks) return await turn()
  const name = `veche-outbox-${store.name}`
  const waiting = new AbortController()
  const giveUp = watch({ store, world }, () => waiting.abort())
  stopped.addEventListener('abort', () => waiting.abort(), { once: true })
  try {
    await locks.request(name, { signal: waiting.signal }, () => {
      giveUp()
      return turn()
    })
  } catch (error) {
    if (!isAbort(error)) throw error
    giveUp()
    if (stopped.aborted) return
    // Either nobody has moved for long and the turn is taken, or it was taken from this tab, and its work ends.
    if (waiting.signal.aborted) await steal(locks, name, turn)
    lost.abort()
  }
}

async function steal(locks: NonNullable<World['locks']>, name: string, turn: () => Promise<void>): Promise<void> {
  try {
    await locks.request(name, { steal: true }, turn)
  } catch (error) {
    if (!isAbort(error)) throw error
  }
}

/** Calls when nobody has been heard sending for a while. */
function watch({ store, world }: Omit<Deps, 'stopped'>, call: () => void): () => void {
  let cancel = world.after(STALE_MS, call)
  const off = store.on('sending', () => {
    cancel()
    cancel = world.after(STALE_MS, call)
  })
  return () => {
    cancel()
    off()
  }
}

async function alive({ store, world }: Omit<Deps, 'stopped'>, work: () => Promise<void>): Promise<void> {
  let cancel = () => undefined as void
  const tell = () => {
    store.tellSending()
    cancel = world.after(ALIVE_MS, tell)
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
