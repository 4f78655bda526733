import type { UserId } from '@veche/shared/ids'
import type { Backend, ReadTransaction } from './backend/backend.ts'
import { openFallbackStorage, type FallbackReason } from './backend/fallback-storage.ts'
import { isEmpty, type Changes, type FollowUps } from './changes.ts'
import { Merge } from './merge/Merge.ts'

export type StoreOptions = {
  userId: UserId
  /** Where the database is opened. Without it everything stays in memory. */
  factory?: IDBFactory | undefined
  /** Connects the tabs of one browser. */
  channel?: ((name: string) => BroadcastChannel) | undefined
  /** Distinguishes the devices of one person within one process: benchmarks and tests. */
  device?: string | undefined
}

export type StoreEvents = {
  /** `Chats`, each open `History`, `Live` and `LiveClient` listen to it. */
  changed: (changes: Changes, origin: 'here' | 'elsewhere') => void
  /** What the last transaction of this tab left to do. */
  followUps: (followUps: FollowUps) => void
  /** The database is lost or full; from now on rows are kept in memory. */
  fallback: (reason: FallbackReason) => void
  /** Another tab is sending from the outbox. */
  sending: () => void
}

type TabMessage = { kind: 'changed'; changes: Changes } | { kind: 'sending' }

/**
 * What this device holds for one person. Every change is one transaction that reads the cursor again, so any number of tabs may merge
 * the same rows. No tab leads the others; they only tell each other what to read again.
 */
export class Store {
  readonly userId: UserId
  readonly name: string
  readonly #listeners: { [E in keyof StoreEvents]: Set<StoreEvents[E]> } = {
    changed: new Set(),
    followUps: new Set(),
    fallback: new Set(),
    sending: new Set(),
  }
  /** People whose rows are known to be in the database: saves a read for each message of theirs. */
  readonly #keptPeople = new Set<UserId>()
  readonly #channel: BroadcastChannel | undefined
  #backend: Backend | undefined
  #fallbackReason: FallbackReason | null = null

  static async open(options: StoreOptions): Promise<Store> {
    const store = new Store(options)
    store.#backend = await openFallbackStorage({
      name: store.name,
      factory: options.factory,
      onFallback: (reason) => {
        store.#fallbackReason = reason
        store.#keptPeople.clear()
        for (const listener of store.#listeners.fallback) listener(reason)
      },
    })
    return store
  }

  private constructor({ userId, channel, device }: StoreOptions) {
    this.userId = userId
    this.name = ['veche', userId, device].filter(Boolean).join('-')
    this.#channel = channel?.(this.name)
    if (this.#channel) this.#channel.onmessage = (event: MessageEvent<TabMessage>) => this.#receive(event.data)
  }

  /** Null while everything is kept in the database. */
  get fallbackReason(): FallbackReason | null {
    return this.#fallbackReason
  }

  /** Returns a function that unsubscribes. */
  on<E extends keyof StoreEvents>(event: E, listener: StoreEvents[E]): () => void {
    this.#listeners[event].add(listener)
    return () => void this.#listeners[event].delete(listener)
  }

  read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    return this.#opened().read(work)
  }

  /** One transaction. After it is kept, all tabs are told what changed, and this one what is left to do. */
  async merge<T>(work: (merge: Merge) => Promise<T>): Promise<T> {
    const { result, merge } = await this.#opened().write(async (tx) => {
      const merge = new Merge(tx, this.userId, this.#keptPeople)
      const result = await work(merge)
      await merge.finish()
      return { result, merge }
    })
    for (const id of merge.newlyKept) this.#keptPeople.add(id)
    this.#tellChanged(merge.changes)
    for (const listener of this.#listeners.followUps) listener(merge.followUps)
    return result
  }

  /** Tells the other tabs that this one is alive and sending. */
  tellSending(): void {
    this.#channel?.postMessage({ kind: 'sending' } satisfies TabMessage)
  }

  close(): void {
    this.#channel?.close()
    this.#backend?.close()
  }

  #opened(): Backend {
    if (!this.#backend) throw new Error('the store is not open')
    return this.#backend
  }

  #tellChanged(changes: Changes): void {
    if (isEmpty(changes)) return
    for (const listener of this.#listeners.changed) listener(changes, 'here')
    this.#channel?.postMessage({ kind: 'changed', changes } satisfies TabMessage)
  }

  #receive(message: TabMessage): void {
    if (message.kind === 'sending') for (const listener of this.#listeners.sending) listener()
    else for (const listener of this.#listeners.changed) listener(message.changes, 'elsewhere')
  }
}
