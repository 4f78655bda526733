import type { StoreName } from '../tables.ts'
import type { Backend, ReadTransaction, WriteTransaction } from './backend.ts'
import { openIndexedDb } from './indexed-db.ts'
import type { KeptRows, MemoryBackend } from './MemoryBackend.ts'

/**
 * Why rows are kept in memory only. unavailable: the database does not open · full: the disk is full · lost: the browser closed the
 * database · superseded: a newer release in another tab needs it
 */
export type FallbackReason = 'unavailable' | 'full' | 'lost' | 'superseded'

export type FallbackStorageOptions = {
  name: string
  factory: IDBFactory | undefined
  /** Without it a database that is lost is not opened again later. */
  after: ((ms: number, run: () => void) => () => void) | undefined
  /** Null: rows are kept in the database again. */
  onFallback: (reason: FallbackReason | null) => void
  /** Another backend takes over: puts into it what must not be lost, among it what memory kept. */
  restore: (into: Backend, kept: KeptRows | null) => Promise<void>
}

const LOAD_MEMORY_BACKEND_AFTER_MS = 10_000
const FIRST_RETRY_MS = 2_000
const MAX_RETRY_MS = 300_000

/**
 * Opens the database. Where there is none, or where it fails, rows are kept in memory and work goes on. A database that the browser has
 * closed is opened anew, at once and then again and again, and gets what memory kept meanwhile.
 */
export async function openFallbackStorage(options: FallbackStorageOptions): Promise<Backend> {
  const storage = new FallbackStorage(options)
  await storage.open()
  return storage
}

/** The code that keeps rows in memory is no part of the first load. It is fetched a little later, because the network may be gone when it is needed. */
const loadMemory = () => import('./MemoryBackend.ts')

class FallbackStorage implements Backend {
  readonly #options: FallbackStorageOptions
  #backend: Backend | undefined
  #memory: MemoryBackend | undefined
  /** While one backend takes over from another, nothing is read or written. */
  #moving: Promise<void> | undefined
  #cancelRetry: (() => void) | undefined
  #retryMs = FIRST_RETRY_MS
  #isClosed = false

  constructor(options: FallbackStorageOptions) {
    this.#options = options
    this.#cancelRetry = options.after?.(LOAD_MEMORY_BACKEND_AFTER_MS, () => void loadMemory().catch(() => undefined))
  }

  async open(): Promise<void> {
    try {
      this.#backend = await this.#openDatabase()
    } catch {
      await this.#useMemory('unavailable')
    }
  }

  get isPersistent(): boolean {
    return this.#backend !== this.#memory
  }

  read<T>(work: (tx: ReadTransaction) => Promise<T>, stores: readonly StoreName[]): Promise<T> {
    return this.#run((backend) => backend.read(work, stores))
  }

  write<T>(work: (tx: WriteTransaction) => Promise<T>, stores: readonly StoreName[]): Promise<T> {
    return this.#run((backend) => backend.write(work, stores))
  }

  close(): void {
    this.#isClosed = true
    this.#cancelRetry?.()
    this.#backend?.close()
  }

  async #openDatabase(): Promise<Backend> {
    const { name, factory } = this.#options
    if (!factory) throw new Error('this browser has no database')
    const onLost = (reason: 'superseded' | 'lost') => {
      if (this.#backend === database) this.#move(() => this.#replace(database, reason, true))
    }
    const database: Backend = await openIndexedDb({ name, factory, onLost })
    if (this.#isClosed) database.close()
    return database
  }

  /** Work that fails because of the disk is done again: in the database when it can be opened anew, else in memory. */
  async #run<T>(work: (backend: Backend) => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      while (this.#moving) await this.#moving
      const backend = this.#backend
      if (!backend) throw new Error('the storage is not open')
      try {
        return await work(backend)
      } catch (error) {
        // The tab has signed out, or goes away: nobody waits for this any more.
        if (this.#isClosed) return await new Promise<never>(() => undefined)
        if (backend === this.#memory || !isDiskError(error)) throw error
        const reason = isDiskFull(error) ? 'full' : 'lost'
        if (this.#backend === backend) this.#move(() => this.#replace(backend, reason, failures === 0))
      }
    }
  }

  #move(work: () => Promise<void>): void {
    this.#moving ??= work().finally(() => (this.#moving = undefined))
  }

  async #replace(from: Backend, reason: FallbackReason, mayReopen: boolean): Promise<void> {
    const isReopened = reason === 'lost' && mayReopen && (await this.#reopen(null))
    if (!isReopened) await this.#useMemory(reason, from)
    from.close()
  }

  /** False when the database cannot be opened, or does not take what has to be put into it. */
  async #reopen(kept: KeptRows | null): Promise<boolean> {
    let database: Backend | undefined
    try {
      database = await this.#openDatabase()
      await this.#options.restore(database, kept)
      this.#backend = database
      this.#options.onFallback(null)
      return true
    } catch {
      database?.close()
      return false
    }
  }

  async #useMemory(reason: FallbackReason, from?: Backend): Promise<void> {
    const { MemoryBackend, copyOf } = await loadMemory()
    const memory = (from && (await copyOf(from).catch(() => undefined))) ?? new MemoryBackend()
    await this.#options.restore(memory, null)
    this.#memory = memory
    this.#backend = memory
    this.#options.onFallback(reason)
    // The newer release in another tab may need another database.
    if (reason !== 'superseded' && this.#options.factory) this.#retryLater(memory)
  }

  #retryLater(memory: MemoryBackend): void {
    if (this.#isClosed) return
    this.#cancelRetry = this.#options.after?.(this.#retryMs, () => this.#move(() => this.#leaveMemory(memory)))
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2)
  }

  async #leaveMemory(memory: MemoryBackend): Promise<void> {
    if (!(await this.#reopen(await memory.kept()))) this.#retryLater(memory)
  }
}

const DISK_ERRORS = ['QuotaExceededError', 'InvalidStateError', 'UnknownError', 'AbortError', 'NotFoundError']

function isDiskError(error: unknown): boolean {
  return error instanceof Error && DISK_ERRORS.includes(error.name)
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError'
}
