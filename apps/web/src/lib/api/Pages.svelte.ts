import { untrack } from 'svelte'
import { type AppError, appError } from './error.ts'

type Page<Row> = { rows: Row[]; next: string | null }
type Fetch<Row> = (cursor: string | null, signal: AbortSignal) => Promise<Page<Row>>

/** A list that is fetched page by page. `load` cancels the fetch under way; the old rows are shown until the answer comes. */
export class Pages<Row extends { id: string }> {
  rows = $state.raw<Row[]>([])
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  isLoadingMore = $state(false)
  error = $state.raw<AppError | null>(null)
  next = $state<string | null>(null)
  #fetch: Fetch<Row>
  #request = new AbortController()

  constructor(fetch: Fetch<Row>) {
    this.#fetch = fetch
  }

  /** Loads the first page: at first, for another search, and to try again. An effect that calls it does not depend on its outcome. */
  async load() {
    this.#request.abort()
    const request = (this.#request = new AbortController())
    if (untrack(() => this.state) === 'failed') this.state = 'loading'
    this.isLoadingMore = false
    await this.#fetchPage(null, request, ({ rows }) => (this.rows = rows))
  }

  async loadMore() {
    if (this.isLoadingMore || this.next === null || this.state !== 'ready') return
    this.isLoadingMore = true
    await this.#fetchPage(
      this.next,
      this.#request,
      ({ rows }) => (this.rows = [...this.rows, ...rows.filter(this.#isNew)]),
    )
    this.isLoadingMore = false
  }

  /** Replaces a row by a newer one. */
  put(row: Partial<Row> & { id: string }) {
    this.rows = this.rows.map((each) => (each.id === row.id ? { ...each, ...row } : each))
  }

  close() {
    this.#request.abort()
  }

  async #fetchPage(cursor: string | null, request: AbortController, take: (page: Page<Row>) => void) {
    try {
      const page = await this.#fetch(cursor, request.signal)
      if (request.signal.aborted) return
      take(page)
      this.next = page.next
      this.error = null
      this.state = 'ready'
    } catch (thrown) {
      if (request.signal.aborted) return
      this.error = appError(thrown)
      if (cursor === null) this.state = 'failed'
    }
  }

  #isNew = (row: Row) => !this.rows.some(({ id }) => id === row.id)
}
