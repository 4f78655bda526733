import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { appError, type AppError } from '#lib/api/error.ts'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import type { ReadTransaction } from '#lib/store/backend.ts'
import type { Changes } from '#lib/store/changes.ts'
import { visibleFrom } from '#lib/store/count.ts'
import { rangeOf, type Range } from '#lib/store/ranges.ts'
import type { ChatScope, OutboxItem } from '#lib/store/tables.ts'

const PAGE = 50
/** So much of what was read already is shown above the first unread message. */
const BEFORE = 20

/** more: there is more on this side · loading · failed: it could not be fetched · end: there is nothing beyond */
export type Side = 'more' | 'loading' | 'failed' | 'end'

type Shown = { scope: ChatScope; start: number; rows: MessageRow[]; pending: OutboxItem[] }

/**
 * The part of a chat's history that is shown: one unbroken run of messages, which grows on both sides. At its newer end it either
 * stops, or is attached to the newest message and follows it.
 */
export class History {
  rows: MessageRow[] = []
  pending: OutboxItem[] = []
  state: 'opening' | 'open' | 'failed' | 'gone' = 'opening'
  error: AppError | null = null
  older: Side = 'more'
  newer: Side = 'more'
  /** How often it was opened anew, from the first row that is shown of it: what grows later is no new opening. */
  openings = 0
  readonly chatId: ChatId
  readonly #client: LiveClient
  readonly #changed: () => void
  readonly #off: () => void
  #from = 1
  #to = 0
  /** Counts the times it was opened: an answer that comes after the next opening is of no use. */
  #opening = 0

  constructor(client: LiveClient, chatId: ChatId, changed: () => void) {
    this.#client = client
    this.chatId = chatId
    this.#changed = changed
    this.#off = client.store.on('changed', (changes) => void this.#hear(changes))
  }

  get attached(): boolean {
    return this.newer === 'end'
  }

  close(): void {
    this.#opening += 1
    this.#off()
  }

  /** At the newest message, or around the first one after `readSeq`. */
  async open(readSeq?: number): Promise<void> {
    const opening = ++this.#opening
    try {
      const scope = await this.#scope()
      if (opening !== this.#opening) return
      if (!scope) return this.#enter('gone')
      const around = readSeq !== undefined && readSeq < scope.top ? readSeq : undefined
      if (around === undefined) await this.#openAtEnd(opening)
      else await this.#openAround(opening, around)
    } catch (thrown) {
      if (opening !== this.#opening) return
      this.error = appError(thrown)
      this.#enter(this.error.code === 'chat.not_found' ? 'gone' : 'failed')
    }
  }

  async loadOlder(): Promise<void> {
    if (this.state !== 'open' || this.older === 'loading' || this.older === 'end') return
    await this.#grow('older', async () => {
      const end = this.#from - 1
      if (!(await this.#isHeld(end))) {
        await this.#client.fetchHistory({ chatId: this.chatId, before: this.#from, limit: PAGE })
      }
      this.#from = await this.#heldBelow(this.#from)
      return [this.#from, end]
    })
  }

  async loadNewer(): Promise<void> {
    if (this.state !== 'open' || this.newer === 'loading' || this.newer === 'end') return
    await this.#grow('newer', async () => {
      const start = this.#to + 1
      if (!(await this.#isHeld(start))) {
        await this.#client.fetchHistory({ chatId: this.chatId, after: this.#to, limit: PAGE })
      }
      this.#to = await this.#heldAbove(this.#to)
      return [start, this.#to]
    })
  }

  /** What could not be fetched may be had now. */
  retry(): void {
    if (this.state === 'failed') void this.open()
    if (this.older === 'failed') void this.loadOlder()
    if (this.newer === 'failed') void this.loadNewer()
  }

  async #grow(side: 'older' | 'newer', load: () => Promise<Range>): Promise<void> {
    const opening = this.#opening
    this[side] = 'loading'
    this.#changed()
    try {
      const span = await load()
      if (opening === this.#opening) await this.#read(opening, span, side)
    } catch (thrown) {
      if (opening !== this.#opening) return
      this.error = appError(thrown)
      this[side] = 'failed'
      this.#changed()
    }
  }

  async #openAtEnd(opening: number): Promise<void> {
    const scope = await this.#scope()
    if (!scope) return this.#enter('gone')
    const held = rangeOf(scope.ranges, scope.top)
    const few = !held || (held[1] - held[0] < BEFORE && held[0] > (await this.#start()))
    // Something is shown at once; a page that has to be fetched comes above it.
    if (!held && scope.top > 0) await this.#client.fetchHistory({ chatId: this.chatId, limit: PAGE })
    if (opening !== this.#opening) return
    const now = (await this.#scope()) ?? scope
    const range = rangeOf(now.ranges, now.top)
    this.#to = now.top
    this.#from = range ? Math.max(range[0], now.top - PAGE + 1) : now.top + 1
    this.#beginAnew()
    await this.#read(opening, [this.#from, this.#to])
    if (few && opening === this.#opening) await this.loadOlder()
  }

  async #openAround(opening: number, readSeq: number): Promise<void> {
    const first = Math.max(readSeq + 1, await this.#start())
    if (!(await this.#isHeld(first))) {
      await this.#client.fetchHistory({ chatId: this.chatId, after: first - 1, limit: PAGE })
    }
    if (first > 1 && !(await this.#isHeld(first - 1)) && first > (await this.#start())) {
      await this.#client.fetchHistory({ chatId: this.chatId, before: first, limit: BEFORE })
    }
    if (opening !== this.#opening) return
    this.#from = Math.max(await this.#heldBelow(first), first - BEFORE)
    this.#to = await this.#heldAbove(first - 1)
    this.#beginAnew()
    await this.#read(opening, [this.#from, this.#to])
  }

  #beginAnew(): void {
    this.rows = []
    this.openings += 1
  }

  /** The chat may only just have become mine: then it is on its way. */
  async #scope(): Promise<ChatScope | null> {
    const { store, intake } = this.#client
    const read = () => store.read((tx) => tx.get('scopes', this.chatId))
    let scope = await read()
    if (!scope) {
      intake.ask(this.chatId)
      await intake.settled()
      scope = await read()
    }
    return scope?.kind === 'chat' ? scope : null
  }

  async #start(): Promise<number> {
    return await this.#client.store.read((tx) => startOf(tx, this.chatId))
  }

  async #isHeld(seq: number): Promise<boolean> {
    const scope = await this.#scope()
    return scope !== null && rangeOf(scope.ranges, seq) !== undefined
  }

  /** How far down an unbroken run reaches from just below `seq`, a page at most. */
  async #heldBelow(seq: number): Promise<number> {
    const scope = await this.#scope()
    const range = scope && rangeOf(scope.ranges, seq - 1)
    return range ? Math.max(range[0], seq - PAGE) : seq
  }

  async #heldAbove(seq: number): Promise<number> {
    const scope = await this.#scope()
    const range = scope && rangeOf(scope.ranges, seq + 1)
    return range ? Math.min(range[1], seq + PAGE) : seq
  }

  /** Rows and what waits to be sent, in one look: a message that has just been stored is never seen twice, nor not at all. */
  async #read(opening: number, wanted: Range | Set<number>, side?: 'older' | 'newer'): Promise<void> {
    const shown = await this.#client.store.read((tx) => this.#look(tx, wanted))
    if (opening !== this.#opening) return
    if (!shown) return this.#enter('gone')
    this.#show(shown, side)
  }

  async #look(tx: ReadTransaction, wanted: Range | Set<number>): Promise<Shown | null> {
    const scope = await tx.get('scopes', this.chatId)
    if (scope?.kind !== 'chat') return null
    const [rows, pending, start] = await Promise.all([
      wanted instanceof Set ? this.#some(tx, scope, wanted) : tx.messages(this.chatId, ...wanted),
      this.#waiting(tx),
      startOf(tx, this.chatId),
    ])
    return { scope, start, rows, pending }
  }

  async #some(tx: ReadTransaction, scope: ChatScope, seqs: Set<number>): Promise<MessageRow[]> {
    const end = this.attached ? scope.top : this.#to
    const within = [...seqs].filter((seq) => seq >= this.#from && seq <= end)
    const rows = await Promise.all(within.map((seq) => tx.message(this.chatId, seq)))
    return rows.filter((row) => row !== undefined)
  }

  async #waiting(tx: ReadTransaction): Promise<OutboxItem[]> {
    const items = (await tx.all('outbox')).filter((item) => item.chatId === this.chatId)
    return items.sort((a, b) => a.order - b.order)
  }

  #show({ scope, start, rows, pending }: Shown, side?: 'older' | 'newer'): void {
    this.rows = merged(this.rows, rows)
    this.pending = pending
    if (this.attached || this.#to >= scope.top) {
      this.#to = Math.max(this.#to, scope.top)
      this.newer = 'end'
    } else if (side === 'newer' || this.newer === 'end') this.newer = 'more'
    if (this.#from <= start || scope.top === 0) this.older = 'end'
    else if (side === 'older' || this.older === 'end') this.older = 'more'
    this.state = 'open'
    this.error = null
    this.#changed()
  }

  async #hear(changes: Changes): Promise<void> {
    if (this.state === 'opening') return
    const messages = changes.messages.get(this.chatId)
    if (messages === 'all') return await this.#reopen()
    if (!messages && !changes.chats.has(this.chatId)) return
    if (this.state === 'open') await this.#read(this.#opening, messages ?? new Set())
  }

  /** What was held has been replaced, or there is nothing left to see. */
  async #reopen(): Promise<void> {
    const scope = await this.#client.store.read((tx) => tx.get('scopes', this.chatId))
    if (!scope && this.state === 'open') {
      this.rows = []
      this.pending = []
      return this.#enter('gone')
    }
    this.older = 'more'
    this.newer = 'more'
    await this.open()
  }

  #enter(state: History['state']): void {
    this.state = state
    this.#changed()
  }
}

async function startOf(tx: ReadTransaction, id: ChatId): Promise<number> {
  return visibleFrom(await tx.get('memberships', id), await tx.get('chats', id))
}

/** By seq, and what is already shown keeps its place. */
function merged(shown: MessageRow[], rows: MessageRow[]): MessageRow[] {
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last) return shown
  if (first.seq > (shown.at(-1)?.seq ?? 0)) return [...shown, ...rows]
  if (last.seq < (shown[0]?.seq ?? 0)) return [...rows, ...shown]
  const all = new Map(shown.map((row) => [row.seq, row]))
  for (const row of rows) all.set(row.seq, row)
  return [...all.values()].sort((a, b) => a.seq - b.seq)
}
