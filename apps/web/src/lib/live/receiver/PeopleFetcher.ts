import type { UserId } from '@veche/shared/ids'
import { appError } from '../../api/error.ts'
import { mergePerson } from '../../store/merge/rows.ts'
import { abortable, backoffMs, pause, retryDelayMs } from '../environment.ts'
import type { ReceiverDeps } from './RowReceiver.ts'

/** As many ids as fit into an address that proxies accept. */
export const MAX_PEOPLE_PER_REQUEST = 150

/** Fetches the rows of people who appear in chats. */
export class PeopleFetcher {
  readonly #deps: ReceiverDeps
  readonly #requested = new Set<UserId>()
  #isFetching = false
  #isStopped = false

  constructor(deps: ReceiverDeps) {
    this.#deps = deps
  }

  stop(): void {
    this.#isStopped = true
  }

  request(ids: Set<UserId>): void {
    for (const id of ids) this.#requested.add(id)
    if (ids.size > 0) void this.#fetchAll()
  }

  async #fetchAll(): Promise<void> {
    if (this.#isFetching) return
    this.#isFetching = true
    try {
      // People requested within one turn of the event loop share a request.
      await Promise.resolve()
      while (this.#requested.size > 0 && !this.#isStopped) {
        const ids = [...this.#requested].slice(0, MAX_PEOPLE_PER_REQUEST)
        for (const id of ids) this.#requested.delete(id)
        await this.#fetch(ids)
      }
    } finally {
      this.#isFetching = false
    }
  }

  /** Tries again while the connection lasts. After it the next catch-up requests the same people. */
  async #fetch(ids: UserId[]): Promise<void> {
    const { store, api, environment, onSignedOut } = this.#deps
    const connection = this.#deps.connection()
    for (let attempt = 0; !connection.aborted && !this.#isStopped; attempt++) {
      let delayMs = backoffMs(environment, attempt, 1_000, 15_000)
      try {
        const people = await abortable(connection, api.people(ids))
        return await store.merge(
          async (merge) => {
            for (const person of people) await mergePerson(merge, person)
          },
          ['people'],
        )
      } catch (thrown) {
        const { code } = appError(thrown)
        if (code === 'auth.required') return onSignedOut()
        if (code === 'input.invalid') return
        delayMs = retryDelayMs(thrown, delayMs)
      }
      await pause(environment, delayMs, connection)
    }
  }
}
