import { Pages } from './Pages.svelte.ts'

const PAUSE_MS = 200

type Page<Row> = { rows: Row[]; next: string | null }
type SearchFetch<Row> = (question: { cursor: string | null; query?: string }, signal: AbortSignal) => Promise<Page<Row>>

/**
 * A paged list with a search field: it is fetched anew a moment after the last letter, and when `reload` reads something that has
 * changed. Made while a component is set up, and closed with it.
 */
export class SearchPages<Row extends { id: string }> extends Pages<Row> {
  query = $state('')
  readonly text = $derived(this.query.trim())

  constructor(fetch: SearchFetch<Row>, reload: () => unknown = () => undefined) {
    super((cursor, signal) => fetch({ cursor, ...(this.text ? { query: this.text } : {}) }, signal))
    $effect(() => {
      reload()
      const timer = setTimeout(() => void this.load(), this.text ? PAUSE_MS : 0)
      return () => clearTimeout(timer)
    })
    $effect(() => () => this.close())
  }
}
