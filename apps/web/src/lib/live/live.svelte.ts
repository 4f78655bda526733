import type { ErrorCode } from '@veche/shared/errors'
import type { ChatId, UserId } from '@veche/shared/ids'
import type { Presence } from '@veche/shared/live'
import type { PersonRow, Rows, SessionRow } from '@veche/shared/rows/rows'
import { createContext } from 'svelte'
import { TypedEvents } from '#lib/browser/TypedEvents.ts'
import type { Session } from '#lib/session/session.svelte.ts'
import type { Changes } from '#lib/store/changes.ts'
import type { FallbackReason } from '#lib/store/backend/fallback-storage.ts'
import type { NewCommand } from '#lib/store/commands.ts'
import type { Merge } from '#lib/store/merge/Merge.ts'
import { storesOfRows } from '#lib/store/merge/needed-stores.ts'
import { mergeRows } from '#lib/store/merge/rows.ts'
import { Store } from '#lib/store/Store.ts'
import type { StoreName } from '#lib/store/tables.ts'
import { browserEnvironment } from './browser-environment.ts'
import { trpcLiveApi } from './connection/trpc-live-api.ts'
import { LiveClient, type LiveStatus } from './LiveClient.ts'
import type { ListingProgress } from './receiver/CatchUp.ts'
import { MAX_PEOPLE_PER_REQUEST } from './receiver/PeopleFetcher.ts'
import type { MeetingSignal } from './Signals.ts'

/** The engine as the screens see it: its status, and the people whom every screen names. */
export class Live {
  status = $state<LiveStatus>('connecting')
  /** How far the first sync of the list of chats has come; null when the list is complete here. */
  listing = $state.raw<ListingProgress | null>(null)
  /** Why nothing is kept on this device; null when all is kept. */
  fallbackReason = $state<FallbackReason | null>(null)
  client = $state.raw<LiveClient | null>(null)
  sessions = $state.raw<SessionRow[]>([])
  people = $state.raw<ReadonlyMap<UserId, PersonRow>>(new Map())
  /** dropped: the server refused a small change, so it is shown no longer. */
  readonly events = new TypedEvents<{ dropped: [why: ErrorCode] }>()
  /** Rises when there may be people whom this device does not keep: the live stream tells of them, or was away. Lists of people are fetched anew. */
  newcomers = $state(0)
  /** Counts the changes of signals, so that what reads them is reactive. */
  #signalChanges = $state(0)
  readonly #session: Session
  readonly #presenceFetched = new Set<UserId>()
  readonly #started = Promise.withResolvers<void>()
  readonly #closed = new AbortController()
  #isStarting = false

  constructor(session: Session) {
    this.#session = session
  }

  get me(): UserId | null {
    return this.#session.me?.user.id ?? null
  }

  async start() {
    const userId = this.me
    if (!userId || this.#isStarting) return
    this.#isStarting = true
    const environment = browserEnvironment()
    const { indexedDB: factory, channel, after } = environment
    const store = await Store.open({ userId, factory, channel, after })
    this.fallbackReason = store.fallbackReason
    store.on('fallback', (reason) => (this.fallbackReason = reason))
    const { signal } = this.#closed
    addEventListener('beforeunload', (event) => store.wouldLoseMessages && event.preventDefault(), { signal })
    store.on('changed', (changes) => void this.#read(store, changes))
    await this.#readAll(store)
    const client = new LiveClient({
      store,
      environment,
      api: trpcLiveApi(this.#session.api, { url: socketUrl }, userId),
      onSignedOut: () => void this.#session.end(),
      onDropped: (why) => this.events.emit('dropped', why),
      onChange: () => this.#clientChanged(client),
      onDirectory: (people) => {
        if (people.some(({ id, disabledAt }) => disabledAt === null && !this.people.has(id))) this.newcomers += 1
      },
    })
    this.#session.onClose(() => this.close())
    this.client = client
    this.#started.resolve()
    client.start()
  }

  close() {
    this.#closed.abort()
    this.client?.stop()
    this.client?.store.close()
    this.client = null
  }

  /** The time of the server, as far as it is known. */
  serverNow(): number {
    return this.client?.clock.now() ?? Date.now()
  }

  /** Reactive. */
  typing(chatId: ChatId): UserId[] {
    return this.#signalChanges >= 0 ? (this.client?.signals.typing(chatId) ?? []) : []
  }

  /** Reactive. `fetchPresence` brings it first. While the server is away nobody knows who is online. */
  presence(userId: UserId): Presence | undefined {
    if (this.status === 'offline' || this.status === 'unreachable') return undefined
    return this.#signalChanges >= 0 ? this.client?.signals.presence(userId) : undefined
  }

  /** Reactive. How many bytes of an attachment this tab has sent. */
  sentBytes(attachmentId: string): number | undefined {
    return this.#signalChanges >= 0 ? this.client?.uploadProgress.sentBytes(attachmentId) : undefined
  }

  /** Reactive. Who is in the meeting of a chat, as far as a signal has told. */
  meeting(chatId: ChatId): MeetingSignal | undefined {
    return this.#signalChanges >= 0 ? this.client?.signals.meeting(chatId) : undefined
  }

  /** Signals tell of changes only, so presence is fetched once for each person and connection. */
  async fetchPresence(ids: UserId[]) {
    const fresh = ids.filter((id) => !this.#presenceFetched.has(id)).slice(0, MAX_PEOPLE_PER_REQUEST)
    if (fresh.length === 0 || this.status !== 'online') return
    for (const id of fresh) this.#presenceFetched.add(id)
    await this.client?.fetchPresence(fresh).catch(() => {
      for (const id of fresh) this.#presenceFetched.delete(id)
    })
  }

  /** Merges the answer of a mutation at once, before the frame with the same rows comes. Waits for the store to be open. */
  async merge(work: (merge: Merge) => Promise<void>, stores?: StoreName[]) {
    await this.#started.promise
    await this.client?.store.merge(work, stores)
  }

  /** Merges rows of an answer, as `merge` does. */
  async mergeAnswer(rows: Rows) {
    await this.merge((merge) => mergeRows(merge, rows, 'answer'), storesOfRows(rows))
  }

  /** Resolves when the command is in the outbox: it is shown as done, and sent as soon as possible. Waits for the store to be open. */
  async addCommand(command: NewCommand) {
    await this.#started.promise
    await this.client?.outbox.add(command)
  }

  /** How many messages only this device has. Waits for the store to be open. */
  async countUnsent(): Promise<number> {
    await this.#started.promise
    return (await this.client?.outbox.countMessages()) ?? 0
  }

  #clientChanged(client: LiveClient) {
    // Signals may have been missed while the connection was lost.
    if (client.status !== 'online' && this.status === 'online') this.#presenceFetched.clear()
    if (client.status === 'online' && this.status !== 'online') this.newcomers += 1
    this.status = client.status
    this.listing = client.listing
    this.#signalChanges += 1
  }

  async #readAll(store: Store) {
    const people = await store.read((tx) => tx.all('people'), ['people'])
    this.#keepPeople(people.filter(({ rev }) => rev > 0))
    await this.#readAccount(store)
  }

  async #read(store: Store, changes: Changes) {
    if (changes.people.size > 0) {
      const read = [...changes.people]
      const rows = await store.read((tx) => Promise.all(read.map((id) => tx.get('people', id))), ['people'])
      this.#keepPeople(rows.filter((row) => row !== undefined))
      const user = rows.find((row) => row?.id === this.me)
      if (user) this.#session.merge({ user })
    }
    if (changes.account) await this.#readAccount(store)
  }

  #keepPeople(rows: PersonRow[]) {
    this.people = new Map([...this.people, ...rows.map((row) => [row.id, row] as const)])
  }

  async #readAccount(store: Store) {
    const [settings, sessions] = await store.read(
      (tx) => Promise.all([tx.all('settings'), tx.all('sessions')]),
      ['settings', 'sessions'],
    )
    this.sessions = sessions
    const own = settings.find((row) => row.userId === this.me)
    if (own) this.#session.merge({ settings: own })
  }
}

export const [getLive, setLive] = createContext<Live>()

function socketUrl(): string {
  return `${location.origin.replace(/^http/, 'ws')}/api/trpc`
}
