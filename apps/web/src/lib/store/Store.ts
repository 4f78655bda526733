import type { UserId } from '@veche/shared/ids'
import type { Backend, ReadTransaction } from './backend/backend.ts'
import { openFallbackStorage, type FallbackReason } from './backend/fallback-storage.ts'
import { isEmpty, type Changes, type FollowUps } from './changes.ts'
import { Merge } from './merge/Merge.ts'
import { isMessage, type Command } from './commands.ts'
import { storeNames, type StoreName } from './tables.ts'

export type StoreOptions = {
  userId: UserId
  /** Where the database is opened. Without it everything stays in memory. */
  factory?: IDBFactory | undefined
  /** The clock by which a lost database is opened again. */
  after?: ((ms: number, run: () => void) => () => void) | undefined
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
  /** The database is lost or full, so rows are kept in memory; or, with null, it is open again and may hold less than before. */
  fallback: (reason: FallbackReason | null) => void
  /** Another tab is sending from the outbox. */
  sending: () => void
  /** True when the server takes nothing of what this tab or another one sends, false when it takes something again. */
  stalled: (isStalled: boolean) => void
}

type TabMessage = { kind: 'changed'; changes: Changes } | { kind: 'sending' } | { kind: 'stalled'; isStalled: boolean }

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
    stalled: new Set(),
  }
  /** People whose rows are known to be in the database: saves a read for each message of theirs. */
  readonly #keptPeople = new Set<UserId>()
  readonly #channel: BroadcastChannel | undefined
  #backend: Backend | undefined
  #fallbackReason: FallbackReason | null = null
  #isStalled = false
  /** The outbox as it was read last: when the browser drops the database, nothing else knows of these commands. */
  #unsent: Command[] = []

  static async open(options: StoreOptions): Promise<Store> {
    const store = new Store(options)
    store.#backend = await openFallbackStorage({
      name: store.name,
      factory: options.factory,
      after: options.after,
      restore: async (into, kept) => {
        const { restoreRows } = await import('./merge/restored-rows.ts')
        const restore = (merge: Merge) => restoreRows(merge, kept, store.#unsent)
        const merge = await store.#mergeInto(into, restore, storeNames)
        store.#tellChanged(merge.changes)
      },
      onFallback: (reason) => {
        store.#fallbackReason = reason
        store.#keptPeople.clear()
        for (const listener of store.#listeners.fallback) listener(reason)
      },
    })
    await store.#readUnsent()
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

  /** Messages would be lost with this page: they are in the outbox, and the outbox is in memory. For other commands nobody is asked. */
  get wouldLoseMessages(): boolean {
    return this.#fallbackReason !== null && this.#unsent.some(isMessage)
  }

  /** One transaction over these object stores. Over all of them it waits for everything that is written. */
  read<T, S extends StoreName = StoreName>(
    work: (tx: ReadTransaction<S>) => Promise<T>,
    stores: readonly S[] = storeNames as S[],
  ): Promise<T> {
    return this.#opened().read(work, stores)
  }

  /** One transaction. After it is kept, all tabs are told what changed, and this one what is left to do. */
  async merge<T>(work: (merge: Merge) => Promise<T>, stores: readonly StoreName[] = storeNames): Promise<T> {
    const answer: { result?: T } = {}
    const merge = await this.#mergeInto(this.#opened(), async (each) => void (answer.result = await work(each)), stores)
    this.#tellChanged(merge.changes)
    for (const listener of this.#listeners.followUps) listener(merge.followUps)
    return answer.result as T
  }

  /** Tells the other tabs that this one is alive and sending. */
  tellSending(): void {
    this.#channel?.postMessage({ kind: 'sending' } satisfies TabMessage)
  }

  /** The tab that told that the server takes nothing may be closed by now, so any tab may tell that it takes something again. */
  tellStalled(isStalled: boolean): void {
    if (!this.#setStalled(isStalled)) return
    this.#channel?.postMessage({ kind: 'stalled', isStalled } satisfies TabMessage)
  }

  close(): void {
    this.#channel?.close()
    this.#backend?.close()
  }

  #opened(): Backend {
    if (!this.#backend) throw new Error('the store is not open')
    return this.#backend
  }

  async #mergeInto(
    backend: Backend,
    work: (merge: Merge) => Promise<void>,
    stores: readonly StoreName[],
  ): Promise<Merge> {
    const { merge, unsent } = await backend.write(async (tx) => {
      const merge = new Merge(tx, this.userId, this.#keptPeople)
      await work(merge)
      await merge.finish()
      return { merge, unsent: merge.changes.outbox && (await tx.all('outbox')) }
    }, stores)
    for (const id of merge.newlyKept) this.#keptPeople.add(id)
    if (unsent) this.#unsent = unsent
    return merge
  }

  async #readUnsent(): Promise<void> {
    this.#unsent = await this.read((tx) => tx.all('outbox'), ['outbox'])
  }

  #tellChanged(changes: Changes): void {
    if (isEmpty(changes)) return
    for (const listener of this.#listeners.changed) listener(changes, 'here')
    this.#channel?.postMessage({ kind: 'changed', changes } satisfies TabMessage)
  }

  /** Says whether this is news. */
  #setStalled(isStalled: boolean): boolean {
    if (isStalled === this.#isStalled) return false
    this.#isStalled = isStalled
    for (const listener of this.#listeners.stalled) listener(isStalled)
    return true
  }

  #receive(message: TabMessage): void {
    if (message.kind === 'sending') for (const listener of this.#listeners.sending) listener()
    else if (message.kind === 'stalled') this.#setStalled(message.isStalled)
    else {
      if (message.changes.outbox) void this.#readUnsent().catch(() => undefined)
      for (const listener of this.#listeners.changed) listener(message.changes, 'elsewhere')
    }
  }
}
