import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { appError, type AppError } from '#lib/api/error.ts'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import type { Changes } from '#lib/store/changes.ts'
import { rangeOf, type Range } from '#lib/store/ranges.ts'
import { noteVisit } from '#lib/store/visits.ts'
import type { MessageCommand } from '#lib/store/commands.ts'
import type { ChatScope } from '#lib/store/tables.ts'
import { HeldHistory, type HeldMessages, type WantedMessages } from './HeldHistory.ts'

const PAGE_SIZE = 50
/** How many messages that were read are shown above the first unread one. */
const READ_BEFORE_UNREAD = 20

/** So many messages on either side of the reader stay in memory. */
const KEPT_ON_A_SIDE = 400
/** Fewer than this are not worth a change of the list. */
const MIN_DROPPED = 2 * PAGE_SIZE

/** more: there is more on this side · loading · failed: it could not be fetched · end: there is nothing beyond */
export type HistorySide = 'more' | 'loading' | 'failed' | 'end'

export type HistoryView = {
  state: 'opening' | 'open' | 'failed' | 'gone'
  rows: MessageRow[]
  pending: MessageCommand[]
  older: HistorySide
  newer: HistorySide
  /** The newest message is shown, and newer ones follow by themselves. */
  attached: boolean
  /** How many times the list was shown from scratch. A page that is added to it later does not count. */
  openings: number
  /** The `seq` at which the messages begin that were unread when the history was opened; null when there were none. */
  firstUnread: number | null
  error: AppError | null
}

export const emptyHistory: Readonly<HistoryView> = {
  state: 'opening',
  rows: [],
  pending: [],
  older: 'more',
  newer: 'more',
  attached: false,
  openings: 0,
  firstUnread: null,
  error: null,
}

/**
 * The part of a chat's history that is shown: a run of messages without gaps, which grows on both sides. At its newer end it either
 * stops, or is attached to the newest message and follows it. `onChange` gets the whole view, never a half-made one.
 */
export class History {
  readonly view: HistoryView = { ...emptyHistory }
  readonly chatId: ChatId
  readonly #client: LiveClient
  readonly #held: HeldHistory
  readonly #onChange: (view: HistoryView) => void
  readonly #unsubscribe: () => void
  #from = 1
  #to = 0
  /** The number of the latest opening. An answer that belongs to an earlier one is dropped. */
  #opening = 0

  constructor(client: LiveClient, chatId: ChatId, onChange: (view: HistoryView) => void) {
    this.#client = client
    this.chatId = chatId
    this.#held = new HeldHistory(client, chatId)
    this.#onChange = onChange
    this.#unsubscribe = client.store.on('changed', (changes) => void this.#follow(changes))
    client.shownHistories.add(this)
    // If it is not noted, history is only fetched again sooner.
    void noteVisit(client.store, { chatId, at: client.environment.now() }).catch(() => undefined)
  }

  close(): void {
    this.#opening += 1
    this.#unsubscribe()
    this.#client.shownHistories.delete(this)
  }

  /** Opens around the first unread message, or at the newest one when all are read. */
  async open(): Promise<void> {
    await this.#open(async (opening) => {
      const unreadFrom = await this.#held.unreadFrom()
      if (opening !== this.#opening) return
      if (unreadFrom === null) return await this.#openEnd(opening)
      this.view.firstUnread ??= unreadFrom
      await this.#openAround(opening, unreadFrom)
    })
  }

  /** Opens at the newest message. */
  async openAtEnd(): Promise<void> {
    await this.#open((opening) => this.#openEnd(opening))
  }

  /** A message came while nobody looked: the reader goes on there. */
  markUnreadFrom(seq: number): void {
    this.view.firstUnread ??= seq
    this.#publish()
  }

  /** The reader has gone to the newest message, so nothing divides the read messages from the others any more. */
  forgetUnread(): void {
    this.view.firstUnread = null
    this.#publish()
  }

  async #open(show: (opening: number) => Promise<void>): Promise<void> {
    const opening = ++this.#opening
    try {
      const scope = await this.#held.scope()
      if (opening !== this.#opening) return
      if (!scope) return this.#setState('gone')
      await show(opening)
    } catch (thrown) {
      if (opening !== this.#opening) return
      this.view.error = appError(thrown)
      this.#setState(this.view.error.code === 'chat.not_found' ? 'gone' : 'failed')
    }
  }

  async loadOlder(): Promise<void> {
    if (!this.#mayGrow('older')) return
    await this.#grow('older', async () => {
      const end = this.#from - 1
      if (!(await this.#held.holds(end))) await this.#fetch({ before: this.#from, limit: PAGE_SIZE })
      this.#from = await this.#held.reachBelow(this.#from, PAGE_SIZE)
      return [this.#from, end]
    })
  }

  async loadNewer(): Promise<void> {
    if (!this.#mayGrow('newer')) return
    await this.#grow('newer', async () => {
      const start = this.#to + 1
      if (!(await this.#held.holds(start))) await this.#fetch({ after: this.#to, limit: PAGE_SIZE })
      this.#to = await this.#held.reachAbove(this.#to, PAGE_SIZE)
      return [start, this.#to]
    })
  }

  /**
   * Drops what is far from the message that the reader sees; it is read again when the reader comes near. One side at a time, because
   * the list on the screen can keep its place only when rows are added or removed at one end.
   */
  dropFarFrom(seq: number): void {
    const { rows, state, older, newer } = this.view
    if (state !== 'open' || older === 'loading' || newer === 'loading') return
    const at = rows.findLastIndex((row) => row.seq <= seq)
    const [above, below] = [at - KEPT_ON_A_SIDE, rows.length - 1 - at - KEPT_ON_A_SIDE]
    if (above >= MIN_DROPPED) {
      this.view.rows = rows.slice(above)
      this.#from = this.view.rows[0]?.seq ?? this.#from
      this.view.older = 'more'
    } else if (below >= MIN_DROPPED) {
      this.view.rows = rows.slice(0, -below)
      this.#to = this.view.rows.at(-1)?.seq ?? this.#to
      this.view.newer = 'more'
    } else return
    this.#publish()
  }

  /** Tries again what could not be fetched. */
  retry(): void {
    if (this.view.state === 'failed') void this.open()
    if (this.view.older === 'failed') void this.loadOlder()
    if (this.view.newer === 'failed') void this.loadNewer()
  }

  #mayGrow(side: 'older' | 'newer'): boolean {
    return this.view.state === 'open' && this.view[side] !== 'loading' && this.view[side] !== 'end'
  }

  async #grow(side: 'older' | 'newer', load: () => Promise<Range>): Promise<void> {
    const opening = this.#opening
    this.view[side] = 'loading'
    this.#publish()
    try {
      const range = await load()
      if (opening === this.#opening) await this.#read(opening, { range }, side)
    } catch (thrown) {
      if (opening !== this.#opening) return
      this.view.error = appError(thrown)
      this.view[side] = 'failed'
      this.#publish()
    }
  }

  async #openEnd(opening: number): Promise<void> {
    const scope = await this.#held.scope()
    if (!scope) return this.#setState('gone')
    const held = rangeOf(scope.ranges, scope.top)
    const isShort = !held || (held[1] - held[0] < READ_BEFORE_UNREAD && held[0] > (await this.#held.firstVisible()))
    // What is held is shown at once. The page that makes it long enough comes above it.
    if (!held && scope.top > 0) await this.#fetch({ limit: PAGE_SIZE })
    if (opening !== this.#opening) return
    await this.#showEnd(opening, (await this.#held.scope()) ?? scope)
    if (isShort && opening === this.#opening) await this.loadOlder()
  }

  async #showEnd(opening: number, { ranges, top }: ChatScope): Promise<void> {
    const range = rangeOf(ranges, top)
    this.#to = top
    this.#from = range ? Math.max(range[0], top - PAGE_SIZE + 1) : top + 1
    await this.#showFromScratch(opening)
  }

  async #openAround(opening: number, unreadFrom: number): Promise<void> {
    const firstVisible = await this.#held.firstVisible()
    const first = Math.max(unreadFrom, firstVisible)
    if (!(await this.#held.holds(first))) await this.#fetch({ after: first - 1, limit: PAGE_SIZE })
    if (first > firstVisible && !(await this.#held.holds(first - 1))) {
      await this.#fetch({ before: first, limit: READ_BEFORE_UNREAD })
    }
    if (opening !== this.#opening) return
    this.#from = Math.max(await this.#held.reachBelow(first, PAGE_SIZE), first - READ_BEFORE_UNREAD)
    this.#to = await this.#held.reachAbove(first - 1, PAGE_SIZE)
    await this.#showFromScratch(opening)
  }

  async #showFromScratch(opening: number): Promise<void> {
    this.view.rows = []
    this.view.openings += 1
    await this.#read(opening, { range: [this.#from, this.#to] })
  }

  async #fetch(page: { before?: number; after?: number; limit: number }): Promise<void> {
    await this.#client.fetchHistory({ chatId: this.chatId, ...page })
  }

  async #read(opening: number, wanted: WantedMessages, side?: 'older' | 'newer'): Promise<void> {
    const held = await this.#held.read(wanted)
    if (opening !== this.#opening) return
    if (!held) return this.#setState('gone')
    this.#show(held, side)
  }

  #show({ top, firstVisible, rows, pending }: HeldMessages, side?: 'older' | 'newer'): void {
    const { view } = this
    view.rows = mergeBySeq(view.rows, rows)
    if (!areSame(view.pending, pending)) view.pending = pending
    if (view.newer === 'end' || this.#to >= top) {
      this.#to = Math.max(this.#to, top)
      view.newer = 'end'
    } else if (side === 'newer') view.newer = 'more'
    if (this.#from <= firstVisible || top === 0) view.older = 'end'
    else if (side === 'older' || view.older === 'end') view.older = 'more'
    view.error = null
    this.#setState('open')
  }

  /** The store has changed: shows what concerns this chat. */
  async #follow(changes: Changes): Promise<void> {
    if (this.view.state === 'opening') return
    const messages = changes.messages.get(this.chatId)
    if (messages === 'all') return await this.#openAgain()
    // A draft, a read mark or a position changes the chat, and nothing of its history.
    if (!messages && !(changes.outbox && changes.chats.has(this.chatId))) return
    if (this.view.state !== 'open') return
    const end = this.view.newer === 'end' ? Infinity : this.#to
    const seqs = [...(messages ?? [])].filter((seq) => seq >= this.#from && seq <= end)
    await this.#read(this.#opening, { seqs })
  }

  /** All messages of the chat were replaced, or the person was removed. */
  async #openAgain(): Promise<void> {
    const scope = await this.#client.store.read((tx) => tx.get('scopes', this.chatId), ['scopes'])
    if (!scope && this.view.state === 'open') {
      this.view.rows = []
      this.view.pending = []
      return this.#setState('gone')
    }
    this.view.older = 'more'
    this.view.newer = 'more'
    await this.open()
  }

  #setState(state: HistoryView['state']): void {
    this.view.state = state
    this.#publish()
  }

  #publish(): void {
    this.view.attached = this.view.newer === 'end'
    this.#onChange({ ...this.view })
  }
}

function areSame(shown: MessageCommand[], read: MessageCommand[]): boolean {
  const isShown = ({ id, refusal }: MessageCommand, index: number) =>
    shown[index]?.id === id && shown[index].refusal === refusal
  return shown.length === read.length && read.every(isShown)
}

/** Both in the order of `seq`. A row that comes anew replaces the one that is shown. */
function mergeBySeq(shown: MessageRow[], rows: MessageRow[]): MessageRow[] {
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last) return shown
  if (first.seq > (shown.at(-1)?.seq ?? 0)) return [...shown, ...rows]
  if (last.seq < (shown[0]?.seq ?? 0)) return [...rows, ...shown]
  const all = new Map(shown.map((row) => [row.seq, row]))
  for (const row of rows) all.set(row.seq, row)
  return [...all.values()].sort((a, b) => a.seq - b.seq)
}
