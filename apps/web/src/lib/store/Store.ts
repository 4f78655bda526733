import type { UserId } from '@veche/shared/ids'
import type { Backend, ReadTransaction } from './backend.ts'
import { isEmpty, type Changes, type Errands } from './changes.ts'
import { Merge } from './merge.ts'
import { openRefuge, type StorageTrouble } from './refuge.ts'

export type StoreOptions = {
  userId: UserId
  /** Where the database lives; without one everything stays in memory. */
  factory?: IDBFactory | undefined
  /** What the tabs of one browser tell each other by. */
  channel?: ((name: string) => BroadcastChannel) | undefined
  /** Tells the devices of one process apart in benches. */
  device?: string | undefined
}

export type StoreEvents = {
  changed: (changes: Changes, origin: 'here' | 'elsewhere') => void
  trouble: (why: StorageTrouble) => void
  /** Another tab is at work on the outbox. */
  sending: () => void
}

type Told = { kind: 'changed'; changes: Changes } | { kind: 'sending' }

/**
 * What this device holds for one person. Every change is one transaction that reads the cursor again, so that any number of tabs may
 * merge the same things: there is no leader among them, they only tell each other what to read again.
 */
export class Store {
  readonly userId: UserId
  readonly name: string
  readonly #listeners: { [E in keyof StoreEvents]: Set<StoreEvents[E]> } = {
    changed: new Set(),
    trouble: new Set(),
    sending: new Set(),
  }
  readonly #met = new Set<UserId>()
  readonly #channel: BroadcastChannel | undefined
  #backend: Backend | undefined
  #trouble: StorageTrouble | null = null

  static async open(options: StoreOptions): Promise<Store> {
    const store = new Store(options)
    store.#backend = await openRefuge({
      name: store.name,
      factory: options.factory,
      onTrouble: (why) => {
        store.#trouble = why
        // What memory has met is only certain as long as the rows are there.
        store.#met.clear()
        for (const listener of store.#listeners.trouble) listener(why)
      },
    })
    return store
  }

  private constructor({ userId, channel, device }: StoreOptions) {
    this.userId = userId
    this.name = ['veche', userId, device].filter(Boolean).join('-')
    this.#channel = channel?.(this.name)
    if (this.#channel) this.#channel.onmessage = (event: MessageEvent<Told>) => this.#hear(event.data)
  }

  /** Null: everything is kept on this device. */
  get trouble(): StorageTrouble | null {
    return this.#trouble
  }

  on<E extends keyof StoreEvents>(event: E, listener: StoreEvents[E]): () => void {
    this.#listeners[event].add(listener)
    return () => void this.#listeners[event].delete(listener)
  }

  read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    return this.#open().read(work)
  }

  /** One merge: what it changed is told to every tab after it is kept, what is left to do is handed back. */
  async merge<T>(work: (merge: Merge) => Promise<T>): Promise<{ result: T; errands: Errands }> {
    const { result, merge } = await this.#open().write(async (tx) => {
      const merge = new Merge(tx, this.userId, this.#met)
      const result = await work(merge)
      await merge.finish()
      return { result, merge }
    })
    for (const id of merge.newlyMet) this.#met.add(id)
    this.#tell(merge.changes)
    return { result, errands: merge.errands }
  }

  /** Tells the other tabs that this one is alive and sending. */
  tellSending(): void {
    this.#channel?.postMessage({ kind: 'sending' } satisfies Told)
  }

  close(): void {
    this.#channel?.close()
    this.#backend?.close()
  }

  #open(): Backend {
    if (!this.#backend) throw new Error('the store is not open')
    return this.#backend
  }

  #tell(changes: Changes): void {
    if (isEmpty(changes)) return
    for (const listener of this.#listeners.changed) listener(changes, 'here')
    this.#channel?.postMessage({ kind: 'changed', changes } satisfies Told)
  }

  #hear(told: Told): void {
    if (told.kind === 'sending') for (const listener of this.#listeners.sending) listener()
    else for (const listener of this.#listeners.changed) listener(told.changes, 'elsewhere')
  }
}
