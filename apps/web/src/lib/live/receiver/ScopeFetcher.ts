import { DIRECTORY_SCOPE, type ScopeId } from '@veche/shared/ids'
import { AppError, appError } from '../../api/error.ts'
import { storesOfScopeAnswer } from '../../store/merge/needed-stores.ts'
import { abortable, backoffMs, pause, retryDelayMs } from '../environment.ts'
import type { ReceiverDeps } from './RowReceiver.ts'

const MAX_PARALLEL_FETCHES = 4

/** No first screen waits for an answer about a scope. */
const loadScopeAnswers = () => import('../../store/merge/scope-answers.ts')

type HoldFrames = (id: ScopeId, fetch: () => Promise<void>) => Promise<void>

/** Fetches scopes with `sync.scope`, page by page, until they are up to date. */
export class ScopeFetcher {
  /** The list of chats is being read for the first time. It brings the chats, so they are not fetched one by one. */
  isListing = false
  readonly #deps: ReceiverDeps
  readonly #holdFrames: HoldFrames
  readonly #stopped = new AbortController()
  readonly #requested = new Set<ScopeId>()
  readonly #fetches = new Map<ScopeId, Promise<void>>()
  /** How often in a row the server could not answer about a scope. */
  readonly #serverErrors = new Map<ScopeId, number>()
  #allowedAt = 0

  constructor(deps: ReceiverDeps, holdFrames: HoldFrames) {
    this.#deps = deps
    this.#holdFrames = holdFrames
  }

  stop(): void {
    this.#stopped.abort()
    this.#requested.clear()
  }

  request(id: ScopeId): void {
    if (this.#stopped.signal.aborted) return
    if (this.isListing && id !== this.#deps.store.userId && id !== DIRECTORY_SCOPE) return
    this.#requested.add(id)
    this.#startNext()
  }

  async whenIdle(): Promise<void> {
    while (this.#fetches.size > 0) await Promise.all(this.#fetches.values())
  }

  #startNext(): void {
    for (const id of this.#requested) {
      if (this.#fetches.size >= MAX_PARALLEL_FETCHES) return
      if (this.#fetches.has(id)) continue
      this.#requested.delete(id)
      const fetch = this.#fetchUntilCurrent(id).finally(() => {
        this.#fetches.delete(id)
        this.#startNext()
      })
      this.#fetches.set(id, fetch)
    }
  }

  /** A merge requests the scope again when there are more pages. After an answer without progress the pauses grow. */
  async #fetchUntilCurrent(id: ScopeId): Promise<void> {
    for (let withoutProgress = 0; !this.#stopped.signal.aborted;) {
      await this.#untilAllowed()
      this.#requested.delete(id)
      const before = await this.#cursor(id)
      const result = await this.#fetchPage(id)
      if (result === 'put off') return this.#requestLater(id)
      if (result === 'given up' || (result === 'merged' && !this.#requested.has(id))) return
      const hasProgress = result === 'merged' && (await this.#cursor(id)) > before
      withoutProgress = hasProgress ? 0 : withoutProgress + 1
      if (hasProgress) continue
      const delayMs = 50 + backoffMs(this.#deps.environment, withoutProgress, 200, 10_000)
      await pause(this.#deps.environment, delayMs, this.#stopped.signal)
    }
  }

  /** The server answers about others, so this one scope must not keep the app catching up. */
  #requestLater(id: ScopeId): void {
    const errors = (this.#serverErrors.get(id) ?? 0) + 1
    this.#serverErrors.set(id, errors)
    const { environment } = this.#deps
    environment.after(5_000 + backoffMs(environment, errors, 5_000, 300_000), () => this.request(id))
  }

  async #fetchPage(id: ScopeId): Promise<'merged' | 'failed' | 'put off' | 'given up'> {
    const { store, api, environment, connection, onSignedOut } = this.#deps
    try {
      const { applyScopeAnswer, readKnownCursor } = await loadScopeAnswers()
      await this.#holdFrames(id, async () => {
        const known = await store.read((tx) => readKnownCursor(tx, id), ['scopes', 'memberships'])
        const signal = connection()
        if (signal.aborted) throw new AppError('network.unreachable')
        const answer = await abortable(signal, api.scope(id, known.since))
        await store.merge((merge) => applyScopeAnswer(merge, answer, known), storesOfScopeAnswer(answer))
      })
      this.#serverErrors.delete(id)
      return 'merged'
    } catch (thrown) {
      const { code } = appError(thrown)
      if (code === 'auth.required') onSignedOut()
      this.#allowedAt = Math.max(this.#allowedAt, environment.now() + retryDelayMs(thrown, 0))
      if (code === 'server.error') return 'put off'
      if (code === 'auth.required' || code === 'scope.not_found' || code === 'input.invalid') return 'given up'
      return environment.online() ? 'failed' : 'given up'
    }
  }

  /** The server has told how long to wait. That holds for all scopes. */
  async #untilAllowed(): Promise<void> {
    const { environment } = this.#deps
    const delayMs = this.#allowedAt - environment.now()
    if (delayMs > 0) await pause(environment, delayMs, this.#stopped.signal)
  }

  async #cursor(id: ScopeId): Promise<number> {
    return (await this.#deps.store.read((tx) => tx.get('scopes', id), ['scopes']))?.rev ?? 0
  }
}
