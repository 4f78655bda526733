import { DIRECTORY_SCOPE, type ChatId, type ScopeId, type UserId } from '@veche/shared/ids'
import type { ChangesFrame } from '@veche/shared/live'
import { appError } from '../api/error.ts'
import { applyAnswer, applyFrame, type Ask } from '../store/answers.ts'
import { newErrands, type Errands } from '../store/changes.ts'
import type { Merge } from '../store/merge.ts'
import { mergePerson } from '../store/rows.ts'
import type { Store } from '../store/Store.ts'
import type { LiveApi } from './api.ts'
import { jitter, pause, unless, type World } from './world.ts'

const AT_ONCE = 4
export const PEOPLE_AT_ONCE = 150
const QUEUE_MOST = 2_000

/** Where rows come in: frames in their order, and the answers to what has to be asked about them. */
export class Intake {
  readonly #store: Store
  readonly #api: LiveApi
  readonly #world: World
  readonly #signedOut: () => void
  readonly #arrived: (chatId: ChatId, seq: number) => void
  /** Ends with the socket: an answer that hangs on a network that is gone must not hold back the frames of the next one. */
  readonly #connection: () => AbortSignal
  readonly #stopped = new AbortController()
  #frames: ChangesFrame[] = []
  #merging = false
  /** How many fetches of a scope are under way: its frames wait for them. */
  readonly #fetching = new Map<ScopeId | 'all', number>()
  readonly #wanted = new Set<ScopeId>()
  readonly #asking = new Map<ScopeId, Promise<void>>()
  #people = newErrands().people
  #askingPeople = false
  /** While the list of chats is being read for the first time, it is not asked about one by one. */
  listing = false

  constructor(deps: {
    store: Store
    api: LiveApi
    world: World
    signedOut: () => void
    arrived: (chatId: ChatId, seq: number) => void
    connection: () => AbortSignal
  }) {
    this.#store = deps.store
    this.#api = deps.api
    this.#world = deps.world
    this.#signedOut = deps.signedOut
    this.#arrived = deps.arrived
    this.#connection = deps.connection
  }

  stop(): void {
    this.#stopped.abort()
    this.#frames = []
    this.#wanted.clear()
  }

  take(frame: ChangesFrame): void {
    // Far behind, one question says more than a thousand frames.
    if (this.#frames.length >= QUEUE_MOST) for (const late of this.#frames.splice(0)) this.ask(late.id)
    this.#frames.push(frame)
    void this.#mergeFrames()
  }

  /** One merge of anybody's, and the errands that come of it. */
  async commit<T>(work: (merge: Merge) => Promise<T>): Promise<T> {
    const { result, errands } = await this.#store.merge(work)
    this.run(errands)
    return result
  }

  run(errands: Errands): void {
    for (const id of errands.asks) this.ask(id)
    for (const id of errands.people) this.#people.add(id)
    for (const [chatId, seq] of errands.arrived) this.#arrived(chatId, seq)
    if (errands.people.size > 0) void this.#askPeople()
  }

  /** Frames of these scopes wait until `fetch` has been merged. */
  async holding<T>(ids: (ScopeId | 'all')[], fetch: () => Promise<T>): Promise<T> {
    for (const id of ids) this.#fetching.set(id, (this.#fetching.get(id) ?? 0) + 1)
    try {
      return await fetch()
    } finally {
      for (const id of ids) this.#fetching.set(id, (this.#fetching.get(id) ?? 1) - 1)
      void this.#mergeFrames()
    }
  }

  ask(id: ScopeId): void {
    if (this.listing && id !== this.#store.userId && id !== DIRECTORY_SCOPE) return
    this.#wanted.add(id)
    this.#askNext()
  }

  /** Until nothing is asked for any more. */
  async settled(): Promise<void> {
    while (this.#asking.size > 0) await Promise.all(this.#asking.values())
  }

  async #mergeFrames(): Promise<void> {
    if (this.#merging) return
    this.#merging = true
    try {
      for (let batch = this.#ready(); batch.length > 0; batch = this.#ready()) {
        await this.#mergeBatch(batch)
      }
    } finally {
      this.#merging = false
    }
  }

  async #mergeBatch(frames: ChangesFrame[]): Promise<void> {
    try {
      await this.commit(async (merge) => {
        for (const frame of frames) await applyFrame(merge, frame)
      })
    } catch {
      // Nothing of it was kept. What these frames said is asked for instead, as often as it takes.
      for (const frame of frames) this.ask(frame.id)
    }
  }

  #ready(): ChangesFrame[] {
    if (this.#isFetching('all')) return []
    const ready = this.#frames.filter((frame) => !this.#isFetching(frame.id))
    if (ready.length > 0) this.#frames = this.#frames.filter((frame) => this.#isFetching(frame.id))
    return ready
  }

  #isFetching(id: ScopeId): boolean {
    return (this.#fetching.get(id) ?? 0) > 0
  }

  #askNext(): void {
    for (const id of this.#wanted) {
      if (this.#asking.size >= AT_ONCE) return
      if (this.#asking.has(id)) continue
      this.#wanted.delete(id)
      const asked = this.#askUntilAnswered(id).finally(() => {
        this.#asking.delete(id)
        this.#askNext()
      })
      this.#asking.set(id, asked)
    }
  }

  /** Page after page; an answer that brings nothing on, and a server that cannot answer, are waited for longer each time. */
  async #askUntilAnswered(id: ScopeId): Promise<void> {
    for (let fruitless = 0; !this.#stopped.signal.aborted;) {
      this.#wanted.delete(id)
      const before = await this.#cursor(id)
      const answered = await this.#askOnce(id)
      if (answered === 'given up' || (answered === 'answered' && !this.#wanted.has(id))) return
      const came = answered === 'answered' && (await this.#cursor(id)) > before
      fruitless = came ? 0 : fruitless + 1
      if (!came) await pause(this.#world, 50 + jitter(this.#world, fruitless, 200, 10_000), this.#stopped.signal)
    }
  }

  async #askOnce(id: ScopeId): Promise<'answered' | 'unanswered' | 'given up'> {
    try {
      await this.holding([id], async () => {
        const ask = await askFor(this.#store, id)
        const answer = await unless(this.#connection(), this.#api.scope(id, ask.since))
        await this.commit((merge) => applyAnswer(merge, answer, ask))
      })
      return 'answered'
    } catch (thrown) {
      const { code } = appError(thrown)
      if (code === 'auth.required') this.#signedOut()
      if (code === 'auth.required' || code === 'scope.not_found' || code === 'input.invalid') return 'given up'
      return this.#world.online() ? 'unanswered' : 'given up'
    }
  }

  async #cursor(id: ScopeId): Promise<number> {
    return (await this.#store.read((tx) => tx.get('scopes', id)))?.rev ?? 0
  }

  async #askPeople(): Promise<void> {
    if (this.#askingPeople) return
    this.#askingPeople = true
    try {
      // Those who are met within one turn are asked for together.
      await Promise.resolve()
      while (this.#people.size > 0 && !this.#stopped.signal.aborted) {
        const ids = [...this.#people].slice(0, PEOPLE_AT_ONCE)
        for (const id of ids) this.#people.delete(id)
        await this.#fetchPeople(ids)
      }
    } finally {
      this.#askingPeople = false
    }
  }

  /** Whoever is not answered for now is asked for again by the next catch-up. */
  async #fetchPeople(ids: UserId[]): Promise<void> {
    try {
      const people = await unless(this.#connection(), this.#api.people(ids))
      await this.commit(async (merge) => {
        for (const person of people) await mergePerson(merge, person)
      })
    } catch (thrown) {
      if (appError(thrown).code === 'auth.required') this.#signedOut()
    }
  }
}

export function askFor(store: Store, id: ScopeId): Promise<Ask> {
  return store.read(async (tx) => {
    const [scope, membership] = await Promise.all([tx.get('scopes', id), tx.get('memberships', id)])
    return {
      id,
      since: scope?.rev ?? 0,
      membershipRev: membership?.rev ?? 0,
      readSeq: membership?.readSeq ?? 0,
    }
  })
}
