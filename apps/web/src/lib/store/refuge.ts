import type { Backend, ReadTransaction, WriteTransaction } from './backend.ts'
import { openIndexedDb } from './indexed-db.ts'
import { MemoryBackend } from './memory.ts'
import { tableNames } from './tables.ts'

/** Why nothing is kept on this device: no database here, no room, taken away, or needed by a newer release in another tab. */
export type StorageTrouble = 'unavailable' | 'full' | 'lost' | 'superseded'

export type RefugeOptions = {
  name: string
  factory: IDBFactory | undefined
  onTrouble: (why: StorageTrouble) => void
}

/** The database, or memory where there is none. When the disk fails in the middle, what can be read moves into memory and the work goes on. */
export async function openRefuge(options: RefugeOptions): Promise<Backend> {
  const refuge = new Refuge(options.onTrouble)
  if (!options.factory) return refuge.flee('unavailable')
  try {
    const onLost = (why: 'superseded' | 'lost') => void refuge.flee(why)
    refuge.settle(await openIndexedDb({ name: options.name, factory: options.factory, onLost }))
  } catch {
    refuge.flee('unavailable')
  }
  return refuge
}

class Refuge implements Backend {
  #backend: Backend = new MemoryBackend()
  #onTrouble: (why: StorageTrouble) => void
  #fleeing: Promise<void> | undefined

  constructor(onTrouble: (why: StorageTrouble) => void) {
    this.#onTrouble = onTrouble
  }

  get kept(): boolean {
    return this.#backend.kept
  }

  settle(backend: Backend): void {
    this.#backend = backend
  }

  flee(why: StorageTrouble): this {
    this.#backend = new MemoryBackend()
    this.#onTrouble(why)
    return this
  }

  read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    return this.#tried((backend) => backend.read(work))
  }

  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    return this.#tried((backend) => backend.write(work))
  }

  close(): void {
    this.#backend.close()
  }

  async #tried<T>(work: (backend: Backend) => Promise<T>): Promise<T> {
    await this.#fleeing
    const backend = this.#backend
    try {
      return await work(backend)
    } catch (error) {
      if (!backend.kept || !ofTheDisk(error)) throw error
      if (this.#backend === backend) this.#fleeing ??= this.#carryOver(backend, error)
      await this.#fleeing
      return await work(this.#backend)
    }
  }

  async #carryOver(from: Backend, error: unknown): Promise<void> {
    const memory = new MemoryBackend()
    const whole = await copy(from, memory).then(
      () => true,
      () => false,
    )
    if (this.#backend === from) {
      this.#backend = whole ? memory : new MemoryBackend()
      this.#onTrouble(isFull(error) ? 'full' : 'lost')
      from.close()
    }
    this.#fleeing = undefined
  }
}

async function copy(from: Backend, to: Backend): Promise<void> {
  const held = await from.read(async (tx) => {
    const tables = await Promise.all(tableNames.map(async (table) => ({ table, rows: await tx.all(table) })))
    const chats = await tx.all('scopes')
    const messages = await Promise.all(
      chats.map(async (scope) => (scope.kind === 'chat' ? await tx.messages(scope.id, 0, Infinity) : [])),
    )
    return { tables, messages: messages.flat() }
  })
  await to.write(async (tx) => {
    for (const { table, rows } of held.tables) for (const row of rows) tx.put(table, row)
    for (const row of held.messages) tx.putMessage(row)
  })
}

const DISK_ERRORS = ['QuotaExceededError', 'InvalidStateError', 'UnknownError', 'AbortError', 'NotFoundError']

function ofTheDisk(error: unknown): boolean {
  return error instanceof Error && DISK_ERRORS.includes(error.name)
}

function isFull(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError'
}
