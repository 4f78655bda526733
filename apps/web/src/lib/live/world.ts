import { AppError } from '../api/error.ts'

/** What the engine needs of its surroundings: a browser tab, or a process without one. */
export type World = {
  now(): number
  /** From 0 up to, not including, 1. */
  random(): number
  /** Calls once, after `ms`; answers how to prevent it. */
  after(ms: number, call: () => void): () => void
  /** False only when there is certainly no network. */
  online(): boolean
  /** A tab that came to the front, a network that came back, a machine that woke up: nothing that was open is to be trusted. */
  onWake(call: () => void): () => void
  /** The network came or went. */
  onNetwork(call: () => void): () => void
  locks: Pick<LockManager, 'request'> | undefined
  channel: ((name: string) => BroadcastChannel) | undefined
  indexedDB: IDBFactory | undefined
}

/** Waits, or less long when `signal` says so. */
export function pause(world: World, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const cancel = world.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** The answer, or a network error as soon as `signal` says that nobody should wait for it any longer. */
export function unless<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(new AppError('network.unreachable'))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

/** Somewhere between nothing and a bound that doubles with each attempt: those who were cut off together do not come back together. */
export function jitter(world: World, attempt: number, first: number, most: number): number {
  return world.random() * Math.min(most, first * 2 ** attempt)
}

/** A process without a browser. */
export function plainWorld(parts: Partial<World> = {}): World {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    after: (ms, call) => {
      const timer = setTimeout(call, ms)
      return () => clearTimeout(timer)
    },
    online: () => true,
    onWake: () => () => undefined,
    onNetwork: () => () => undefined,
    locks: undefined,
    channel: undefined,
    indexedDB: undefined,
    ...parts,
  }
}
