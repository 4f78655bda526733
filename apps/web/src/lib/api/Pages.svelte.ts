import { type AppError, appError } from './error.ts'

type Page<Row> = { rows: Row[]; next: string | null }
type Fetch<Row> = (cursor: string | null, signal: AbortSignal) => Promise<Page<Row>>

/** A list that is fetched page by page. Asked anew, what was under way counts no more; what is shown stays until the answer. */
export class Pages<Row extends { id: string }> {
  rows = $state.raw<Row[]>([])
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  growing = $state(false)
  error = $state.raw<AppError | null>(null)
  next = $state<string | null>(null)
  #fetch: Fetch<Row>
  #asking = new AbortController()

  constructor(fetch: Fetch<Row>) {
    this.#fetch = fetch
  }

  /** From the start: at first, for another search, and to try again. */
  async load() {
    this.#asking.abort()
    const asking = (this.#asking = new AbortController())
    if (this.state === 'failed') this.state = 'loading'
    this.growing = false
    await this.#ask(null, asking, ({ rows }) => (this.rows = rows))
  }

  async grow() {
    if (this.growing || this.next === null || this.state !== 'ready') return
    this.growing = true
    await this.#ask(this.next, this.#asking, ({ rows }) => (this.rows = [...this.rows, ...rows.filter(this.#isNew)]))
    this.growing = false
  }

  /** An answer brought a newer row. */
  put(row: Partial<Row> & { id: string }) {
    this.rows = this.rows.map((each) => (each.id === row.id ? { ...each, ...row } : each))
  }

  close() {
    this.#asking.abort()
  }

  async #ask(cursor: string | null, asking: AbortController, take: (page: Page<Row>) => void) {
    try {
      const page = await this.#fetch(cursor, asking.signal)
      if (asking.signal.aborted) return
      take(page)
      this.next = page.next
      this.error = null
      this.state = 'ready'
    } catch (thrown) {
      if (asking.signal.aborted) return
      this.error = appError(thrown)
      if (cursor === null) this.state = 'failed'
    }
  }

  #isNew = (row: Row) => !this.rows.some(({ id }) => id === row.id)
}
