import type { ScopeId } from '@veche/shared/ids'
import type { ChangesFrame } from '@veche/shared/live'
import type { FollowUps } from '../../store/changes.ts'
import { storesOfFrame } from '../../store/merge/needed-stores.ts'
import { applyFrames } from '../../store/merge/rows.ts'
import type { Store } from '../../store/Store.ts'
import type { LiveApi } from '../connection/live-api.ts'
import type { Environment } from '../environment.ts'
import { PeopleFetcher } from './PeopleFetcher.ts'
import type { ScopeFetcher } from './ScopeFetcher.ts'

const MAX_QUEUED_FRAMES = 2_000

export type ReceiverDeps = {
  store: Store
  api: LiveApi
  environment: Environment
  onSignedOut: () => void
  /** Aborts when the socket is lost: a request that hangs on a lost network must not hold back the frames of the next connection. */
  connection: () => AbortSignal
}

/** Merges the rows of frames in their order, and fetches what a merge finds missing. */
export class RowReceiver {
  readonly #store: Store
  readonly #deps: ReceiverDeps
  #scopes: Promise<ScopeFetcher> | undefined
  readonly #people: PeopleFetcher
  readonly #unsubscribe: () => void
  #frames: ChangesFrame[] = []
  #isMerging = false
  #isStopped = false
  /** How many fetches of a scope are under way: its frames wait for them. */
  readonly #fetches = new Map<ScopeId | 'all', number>()

  constructor(deps: ReceiverDeps) {
    this.#deps = deps
    this.#store = deps.store
    this.#people = new PeopleFetcher(deps)
    this.#unsubscribe = deps.store.on('followUps', (followUps) => this.request(followUps))
  }

  stop(): void {
    this.#unsubscribe()
    this.#isStopped = true
    void this.#scopes?.then(
      (scopes) => scopes.stop(),
      () => undefined,
    )
    this.#people.stop()
    this.#frames = []
  }

  receive(frame: ChangesFrame): void {
    // When this many frames wait, fetching their scopes is cheaper than merging them.
    if (this.#frames.length >= MAX_QUEUED_FRAMES) for (const late of this.#frames.splice(0)) this.requestScope(late.id)
    this.#frames.push(frame)
    void this.#mergeFrames()
  }

  request({ scopes, people }: Pick<FollowUps, 'scopes' | 'people'>): void {
    for (const id of scopes) this.requestScope(id)
    this.#people.request(people)
  }

  requestScope(id: ScopeId): void {
    void this.#loadScopes().then(
      (scopes) => scopes.request(id),
      // What is missing is requested again by the next catch-up.
      () => (this.#scopes = undefined),
    )
  }

  /** Resolves when no scope is being fetched. */
  async whenIdle(): Promise<void> {
    if (this.#scopes) await (await this.#scopes).whenIdle()
  }

  /** Runs `fetch`, which merges an answer about these scopes. Frames of the scopes that come meanwhile are merged afterwards. */
  async holdFrames<T>(ids: (ScopeId | 'all')[], fetch: () => Promise<T>): Promise<T> {
    for (const id of ids) this.#fetches.set(id, (this.#fetches.get(id) ?? 0) + 1)
    try {
      return await fetch()
    } finally {
      for (const id of ids) this.#fetches.set(id, (this.#fetches.get(id) ?? 1) - 1)
      void this.#mergeFrames()
    }
  }

  /** Runs `read`, which reads the list of chats for the first time. Meanwhile chats are not fetched one by one. */
  async whileListing<T>(read: () => Promise<T>): Promise<T> {
    const scopes = await this.#loadScopes()
    scopes.isListing = true
    try {
      return await read()
    } finally {
      scopes.isListing = false
    }
  }

  /** No first screen waits for a scope, so the code that fetches them is loaded with the first request. */
  #loadScopes(): Promise<ScopeFetcher> {
    return (this.#scopes ??= import('./ScopeFetcher.ts').then(({ ScopeFetcher }) => {
      const scopes = new ScopeFetcher(this.#deps, (id, fetch) => this.holdFrames([id], fetch))
      if (this.#isStopped) scopes.stop()
      return scopes
    }))
  }

  async #mergeFrames(): Promise<void> {
    if (this.#isMerging) return
    this.#isMerging = true
    try {
      for (let batch = this.#takeReady(); batch.length > 0; batch = this.#takeReady()) await this.#mergeBatch(batch)
    } finally {
      this.#isMerging = false
    }
  }

  async #mergeBatch(frames: ChangesFrame[]): Promise<void> {
    try {
      const stores = new Set(frames.flatMap(storesOfFrame))
      await this.#store.merge((merge) => applyFrames(merge, frames), [...stores])
    } catch {
      // Nothing of the batch was kept, so its scopes are fetched instead.
      for (const frame of frames) this.requestScope(frame.id)
    }
  }

  #takeReady(): ChangesFrame[] {
    if (this.#isFetching('all')) return []
    const ready = this.#frames.filter((frame) => !this.#isFetching(frame.id))
    if (ready.length > 0) this.#frames = this.#frames.filter((frame) => this.#isFetching(frame.id))
    return ready
  }

  #isFetching(id: ScopeId | 'all'): boolean {
    return (this.#fetches.get(id) ?? 0) > 0
  }
}
