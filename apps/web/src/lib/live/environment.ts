import { AppError, appError } from '../api/error.ts'

/** What the engine needs of the place it runs in: a browser tab, a process without one, or a test. */
export type Environment = {
  now(): number
  /** At least 0, less than 1. */
  random(): number
  /** Runs it once, after `ms`. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void
  /** False only when there is certainly no network. */
  online(): boolean
  /** The tab was shown again, or the machine woke up: open sockets may be dead. */
  onWake(run: () => void): () => void
  /** The network came back or was lost. */
  onNetwork(run: () => void): () => void
  locks: Pick<LockManager, 'request'> | undefined
  channel: ((name: string) => BroadcastChannel) | undefined
  indexedDB: IDBFactory | undefined
  /** Asks the browser to keep what is stored here even when the disk gets full. */
  persistStorage(): void
}

/** Waits `ms`, or until `signal` aborts. */
export function pause(environment: Environment, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const cancel = environment.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** Resolves after the timers that are queued now have run. The client of the API sends its requests in such a timer. */
export function afterQueuedTimers(environment: Pick<Environment, 'after'>): Promise<void> {
  // The first of the two may have been queued before the request.
  return new Promise((resolve) => environment.after(0, () => environment.after(0, resolve)))
}

/** The answer, or a network error as soon as `signal` aborts. */
export function abortable<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new AppError('network.unreachable'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** A random delay below a bound that doubles with each attempt, so that clients that were cut off together do not return together. */
export function backoffMs(environment: Environment, attempt: number, firstMs: number, maxMs: number): number {
  return environment.random() * Math.min(maxMs, firstMs * 2 ** attempt)
}

/** How long to wait before a request is made again: as long as the server has told, if it did. */
export function retryDelayMs(thrown: unknown, backoff: number): number {
  return Math.max(backoff, 1_000 * (appError(thrown).retryAfterSeconds ?? 0))
}

/** The environment of a process without a browser; `parts` replace parts of it. */
export function defaultEnvironment(parts: Partial<Environment> = {}): Environment {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    online: () => true,
    onWake: () => () => undefined,
    onNetwork: () => () => undefined,
    locks: undefined,
    channel: undefined,
    indexedDB: undefined,
    persistStorage: () => undefined,
    ...parts,
  }
}
