import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { GalleryKind } from '@veche/shared/messages'
import { type AppError, appError } from '#lib/api/error.ts'
import type { Changes } from '#lib/store/changes.ts'
import type { Store } from '#lib/store/Store.ts'
import { type GalleryItem, itemsOf } from './gallery-items.ts'

export type GalleryQuery = { before?: number; after?: number }
/** The messages of a page stand in the order of the history. */
export type FetchGallery = (query: GalleryQuery) => Promise<{ messages: MessageRow[]; more: boolean }>
type Side = 'more' | 'loading' | 'failed' | 'end'

type GalleryOptions = {
  chatId: ChatId
  kind: GalleryKind
  store: Pick<Store, 'read' | 'on'>
  fetch: FetchGallery
  /** It begins around this message; without one at the newest. */
  start?: MessageRow
}

/**
 * The messages of a chat that hold something of one kind, page by page, on both sides of where it began. What changes in the store
 * while it is open changes here. While the server cannot be reached it has what this device holds.
 */
export class Gallery {
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  /** The server did not answer: there may be more than this device holds. */
  isHeldOnly = $state(false)
  error = $state.raw<AppError | null>(null)
  older = $state<Side>('more')
  newer = $state<Side>('end')
  #messages = $state.raw<MessageRow[]>([])
  /** From the oldest to the newest. */
  readonly items: GalleryItem[] = $derived(this.#messages.flatMap((message) => itemsOf(this.#options.kind, message)))
  readonly #options: GalleryOptions
  readonly #unsubscribe: () => void
  /** The number of the latest opening: an answer to an earlier one is dropped. */
  #opening = 0
  #fetching = 0
  /** What changed while pages were on their way: a page may be older than that. */
  readonly #changedMeanwhile = new Set<number>()

  constructor(options: GalleryOptions) {
    this.#options = options
    if (options.start) this.#startAt(options.start)
    this.#unsubscribe = options.store.on('changed', (changes) => void this.#follow(changes).catch(() => undefined))
  }

  close(): void {
    this.#opening += 1
    this.#unsubscribe()
  }

  async open(): Promise<void> {
    const opening = ++this.#opening
    const { start } = this.#options
    if (start) {
      this.#startAt(start)
      await Promise.all([this.load('older'), this.load('newer')])
      if (this.error && opening === this.#opening) await this.#showHeld(this.error, opening)
      return
    }
    try {
      const page = await this.#fetch({})
      if (opening !== this.#opening) return
      this.#messages = page.messages
      this.#show({ older: page.more ? 'more' : 'end', isHeldOnly: false })
      await this.#followMeanwhile()
      await this.#fillFirstPage()
    } catch (thrown) {
      if (opening === this.#opening) await this.#showHeld(appError(thrown), opening)
    }
  }

  /** Loads the next page on this side. */
  async load(side: 'older' | 'newer'): Promise<void> {
    const end = this.#messages.at(side === 'older' ? 0 : -1)
    if (!end || (this[side] !== 'more' && this[side] !== 'failed')) return
    const opening = this.#opening
    this[side] = 'loading'
    try {
      const page = await this.#fetch(side === 'older' ? { before: end.seq } : { after: end.seq })
      if (opening !== this.#opening) return
      this.#messages = merged(this.#messages, page.messages)
      this[side] = page.more ? 'more' : 'end'
      await this.#followMeanwhile()
    } catch (thrown) {
      if (opening !== this.#opening) return
      this[side] = 'failed'
      this.error = appError(thrown)
    }
  }

  /** Tries again what could not be loaded. */
  async retry(): Promise<void> {
    if (this.state === 'failed' || this.isHeldOnly) return await this.open()
    for (const side of ['older', 'newer'] as const) if (this[side] === 'failed') await this.load(side)
  }

  #startAt(start: MessageRow): void {
    this.#messages = [start]
    this.newer = 'more'
    this.#show({ older: 'more', isHeldOnly: false })
  }

  #show({ older, isHeldOnly }: { older: Side; isHeldOnly: boolean }): void {
    this.older = older
    this.isHeldOnly = isHeldOnly
    this.error = null
    this.state = 'ready'
  }

  /** A page may hold nothing but texts in which there is no link after all. */
  async #fillFirstPage(): Promise<void> {
    while (this.items.length === 0 && this.older === 'more') await this.load('older')
  }

  async #showHeld(error: AppError, opening: number): Promise<void> {
    this.error = error
    if (error.code === 'chat.not_found') return void (this.state = 'failed')
    const { store, chatId } = this.#options
    const held = await store
      .read((tx) => tx.messages(chatId, 0, Number.MAX_SAFE_INTEGER), ['messages'])
      .catch(() => null)
    if (opening !== this.#opening) return
    if (!held) return void (this.state = 'failed')
    this.#messages = merged(
      held.filter((message) => this.#holds(message)),
      this.#messages,
    )
    this.older = this.newer = 'end'
    this.isHeldOnly = true
    this.state = 'ready'
  }

  async #follow(changes: Changes): Promise<void> {
    const seqs = changes.messages.get(this.#options.chatId)
    if (!seqs) return
    // All rows were replaced, or the chat is gone.
    if (seqs === 'all') return this.state === 'loading' ? undefined : await this.open()
    if (this.#fetching > 0) for (const seq of seqs) this.#changedMeanwhile.add(seq)
    if (this.state !== 'loading') await this.#readAgain(seqs)
  }

  async #fetch(query: GalleryQuery): ReturnType<FetchGallery> {
    this.#fetching += 1
    try {
      return await this.#options.fetch(query)
    } finally {
      this.#fetching -= 1
    }
  }

  async #followMeanwhile(): Promise<void> {
    const seqs = new Set(this.#changedMeanwhile)
    if (this.#fetching === 0) this.#changedMeanwhile.clear()
    if (seqs.size > 0) await this.#readAgain(seqs).catch(() => undefined)
  }

  async #readAgain(seqs: ReadonlySet<number>): Promise<void> {
    const { chatId, store } = this.#options
    const opening = this.#opening
    const rows = await store.read(
      async (tx) => Promise.all([...seqs].map((seq) => tx.message(chatId, seq))),
      ['messages'],
    )
    if (opening !== this.#opening) return
    const kept = this.#messages.filter(({ seq }) => !seqs.has(seq))
    const changed = rows.filter((row) => row !== undefined && this.#holds(row) && this.#isWithin(row)) as MessageRow[]
    this.#messages = merged(kept, changed)
  }

  #holds(message: MessageRow): boolean {
    return itemsOf(this.#options.kind, message).length > 0
  }

  /** Nothing is missing between it and what is here. */
  #isWithin({ seq }: MessageRow): boolean {
    const [first, last] = [this.#messages[0], this.#messages.at(-1)]
    const isAfterFirst = this.older === 'end' || (first !== undefined && seq >= first.seq)
    return isAfterFirst && (this.newer === 'end' || (last !== undefined && seq <= last.seq))
  }
}

/** In the order of the history, each message once: as the second list has it. */
function merged(one: MessageRow[], other: MessageRow[]): MessageRow[] {
  if (other.length === 0) return one
  const bySeq = new Map([...one, ...other].map((message) => [message.seq, message]))
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq)
}
