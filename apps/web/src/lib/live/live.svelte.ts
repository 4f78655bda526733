import type { ChatId, UserId } from '@veche/shared/ids'
import type { Presence } from '@veche/shared/live'
import type { PersonRow, SessionRow } from '@veche/shared/rows/rows'
import { createContext } from 'svelte'
import { SvelteMap } from 'svelte/reactivity'
import type { Session } from '#lib/session/session.svelte.ts'
import type { Changes } from '#lib/store/changes.ts'
import type { Merge } from '#lib/store/merge.ts'
import type { StorageTrouble } from '#lib/store/refuge.ts'
import { Store } from '#lib/store/Store.ts'
import { browserWorld } from './browser.ts'
import { PEOPLE_AT_ONCE } from './Intake.ts'
import { LiveClient, type LiveStatus } from './LiveClient.ts'
import type { MeetingNews } from './Signals.ts'
import { liveApi } from './trpc.ts'

/** The engine as screens see it: what it says of itself, and the people that everybody names. */
export class Live {
  status = $state<LiveStatus>('connecting')
  /** Why nothing is kept on this device; null when all is well. */
  trouble = $state<StorageTrouble | null>(null)
  client = $state.raw<LiveClient | null>(null)
  sessions = $state.raw<SessionRow[]>([])
  readonly people = new SvelteMap<UserId, PersonRow>()
  #signals = $state(0)
  readonly #session: Session
  readonly #asked = new Set<UserId>()
  readonly #began = Promise.withResolvers<void>()
  #starting = false

  constructor(session: Session) {
    this.#session = session
  }

  get me(): UserId | null {
    return this.#session.me?.user.id ?? null
  }

  async start() {
    const userId = this.me
    if (!userId || this.#starting) return
    this.#starting = true
    const world = browserWorld()
    const store = await Store.open({ userId, factory: world.indexedDB, channel: world.channel })
    this.trouble = store.trouble
    store.on('trouble', (why) => (this.trouble = why))
    store.on('changed', (changes) => void this.#read(store, changes))
    await this.#readAll(store)
    const client = new LiveClient({
      store,
      world,
      api: liveApi(this.#session.api, { url: socketUrl }),
      onSignedOut: () => void this.#session.ended(),
      onChange: () => this.#hear(client),
    })
    this.#session.onClose(() => this.#close(client))
    this.client = client
    this.#began.resolve()
    client.start()
  }

  /** Reactive. */
  typing(chatId: ChatId): UserId[] {
    return this.#signals >= 0 ? (this.client?.signals.typing(chatId) ?? []) : []
  }

  /** Reactive. Whoever is looked at for the first time is asked about. */
  presence(userId: UserId): Presence | undefined {
    return this.#signals >= 0 ? this.client?.signals.presence(userId) : undefined
  }

  /** Reactive. Who is in the meeting of a chat, as far as anybody told. */
  meeting(chatId: ChatId): MeetingNews | undefined {
    return this.#signals >= 0 ? this.client?.signals.meeting(chatId) : undefined
  }

  /** Signals tell of changes only: how it was before has to be asked. */
  async askPresence(ids: UserId[]) {
    const fresh = ids.filter((id) => !this.#asked.has(id)).slice(0, PEOPLE_AT_ONCE)
    if (fresh.length === 0 || this.status !== 'online') return
    for (const id of fresh) this.#asked.add(id)
    await this.client?.fetchPresence(fresh).catch(() => {
      for (const id of fresh) this.#asked.delete(id)
    })
  }

  /** What was answered, merged at once: the frame that brings the same comes when it comes. The first screen may ask before there is a store. */
  async commit(work: (merge: Merge) => Promise<void>) {
    await this.#began.promise
    await this.client?.intake.commit(work)
  }

  /** Messages that only this device has. Before there is a store nobody knows. */
  async countUnsent(): Promise<number> {
    await this.#began.promise
    return (await this.client?.outbox.count()) ?? 0
  }

  #hear(client: LiveClient) {
    // After a connection was lost, what was heard about people is old.
    if (client.status !== 'online' && this.status === 'online') this.#asked.clear()
    this.status = client.status
    this.#signals += 1
  }

  async #readAll(store: Store) {
    const people = await store.read((tx) => tx.all('people'))
    for (const person of people) if (person.rev > 0) this.people.set(person.id, person)
    await this.#readMine(store)
  }

  async #read(store: Store, changes: Changes) {
    if (changes.people.size > 0) {
      const rows = await store.read((tx) => Promise.all([...changes.people].map((id) => tx.get('people', id))))
      for (const row of rows) if (row) this.people.set(row.id, row)
      const user = rows.find((row) => row?.id === this.me)
      if (user) this.#session.merge({ user })
    }
    if (changes.mine) await this.#readMine(store)
  }

  async #readMine(store: Store) {
    const [settings, sessions] = await store.read((tx) => Promise.all([tx.all('settings'), tx.all('sessions')]))
    this.sessions = sessions
    const own = settings.find((row) => row.userId === this.me)
    if (own) this.#session.merge({ settings: own })
  }

  #close(client: LiveClient) {
    client.stop()
    client.store.close()
    this.client = null
  }
}

export const [getLive, setLive] = createContext<Live>()

function socketUrl(): string {
  return `${location.origin.replace(/^http/, 'ws')}/api/trpc`
}
