import type { Backend, ReadTransaction, WriteTransaction } from './backend.ts'
import { openIndexedDb } from './indexed-db.ts'
import { MemoryBackend } from './MemoryBackend.ts'
import { tableNames } from '../tables.ts'

/**
 * Why rows are kept in memory only. unavailable: this browser has no database · full: the disk is full · lost: the browser closed the
 * database · superseded: a newer release in another tab needs it
 */
export type FallbackReason = 'unavailable' | 'full' | 'lost' | 'superseded'

export type FallbackStorageOptions = {
  name: string
  factory: IDBFactory | undefined
  onFallback: (reason: FallbackReason) => void
}

/** Opens the database, or memory where there is none. If the disk fails later, what can be read moves into memory and work goes on. */
export async function openFallbackStorage(options: FallbackStorageOptions): Promise<Backend> {
  const storage = new FallbackStorage(options.onFallback)
  if (!options.factory) return storage.useMemory('unavailable')
  try {
    const onLost = (reason: 'superseded' | 'lost') => void storage.useMemory(reason)
    storage.use(await openIndexedDb({ name: options.name, factory: options.factory, onLost }))
  } catch {
    storage.useMemory('unavailable')
  }
  return storage
}

class FallbackStorage implements Backend {
  #backend: Backend = new MemoryBackend()
  #onFallback: (reason: FallbackReason) => void
  #moving: Promise<void> | undefined

  constructor(onFallback: (reason: FallbackReason) => void) {
    this.#onFallback = onFallback
  }

  get isPersistent(): boolean {
    return this.#backend.isPersistent
  }

  use(backend: Backend): void {
    this.#backend = backend
  }

  useMemory(reason: FallbackReason): this {
    this.#backend = new MemoryBackend()
    this.#onFallback(reason)
    return this
  }

  read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    return this.#run((backend) => backend.read(work))
  }

  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    return this.#run((backend) => backend.write(work))
  }

  close(): void {
    this.#backend.close()
  }

  /** Work that fails because of the disk is done again in memory. */
  async #run<T>(work: (backend: Backend) => Promise<T>): Promise<T> {
    await this.#moving
    const backend = this.#backend
    try {
      return await work(backend)
    } catch (error) {
      if (!backend.isPersistent || !isDiskError(error)) throw error
      if (this.#backend === backend) this.#moving ??= this.#moveToMemory(backend, error)
      await this.#moving
      return await work(this.#backend)
    }
  }

  async #moveToMemory(from: Backend, error: unknown): Promise<void> {
    const memory = new MemoryBackend()
    const isCopied = await copyRows(from, memory).then(
      () => true,
      () => false,
    )
    if (this.#backend === from) {
      this.#backend = isCopied ? memory : new MemoryBackend()
      this.#onFallback(isDiskFull(error) ? 'full' : 'lost')
      from.close()
    }
    this.#moving = undefined
  }
}

async function copyRows(from: Backend, to: Backend): Promise<void> {
  const held = await from.read(async (tx) => {
    const tables = await Promise.all(tableNames.map(async (table) => ({ table, rows: await tx.all(table) })))
    const scopes = await tx.all('scopes')
    const messages = await Promise.all(
      scopes.map(async (scope) => (scope.kind === 'chat' ? await tx.messages(scope.id, 0, Infinity) : [])),
    )
    return { tables, messages: messages.flat() }
  })
  await to.write(async (tx) => {
    for (const { table, rows } of held.tables) for (const row of rows) tx.put(table, row)
    for (const row of held.messages) tx.putMessage(row)
  })
}

const DISK_ERRORS = ['QuotaExceededError', 'InvalidStateError', 'UnknownError', 'AbortError', 'NotFoundError']

function isDiskError(error: unknown): boolean {
  return error instanceof Error && DISK_ERRORS.includes(error.name)
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError'
}
