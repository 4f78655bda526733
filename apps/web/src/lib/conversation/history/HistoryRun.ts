import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { byOrder, isMessage, type MessageCommand } from '#lib/store/commands.ts'
import type { ReadTransaction } from '#lib/store/backend/backend.ts'
import type { Range } from '#lib/store/ranges.ts'
import type { Store } from '#lib/store/Store.ts'
import { readFirstVisibleSeq } from '#lib/store/visible-history.ts'

/** How many messages on either side of the reader stay in memory. */
const MESSAGES_KEPT_PER_SIDE = 400
/** Fewer messages than this are not worth a change of the list. */
const MIN_MESSAGES_DROPPED = 100

/** more: there is more on this side · loading · failed: it could not be fetched · end: there is nothing beyond */
export type HistorySide = 'more' | 'loading' | 'failed' | 'end'

/** Messages to read: all of a range, or those of these numbers. */
type WantedMessages = { range: Range } | { seqs: number[] }

/**
 * The messages of a chat that are in memory: a run without gaps, from one number to another, with the messages that are not sent yet.
 * At its newer end it either stops, or is attached to the newest message and follows it.
 */
export class HistoryRun {
  rows: MessageRow[] = []
  pending: MessageCommand[] = []
  older: HistorySide = 'more'
  newer: HistorySide = 'more'
  readonly #store: Store
  readonly #chatId: ChatId
  #from: number
  #to: number

  constructor(store: Store, chatId: ChatId, [from, to]: Range) {
    this.#store = store
    this.#chatId = chatId
    this.#from = from
    this.#to = to
  }

  get from(): number {
    return this.#from
  }

  get to(): number {
    return this.#to
  }

  /** Reads all of it. False when this device does not hold the chat any more. */
  async open(): Promise<boolean> {
    return await this.#read({ range: [this.#from, this.#to] })
  }

  async growOlderTo(from: number): Promise<boolean> {
    const range: Range = [from, this.#from - 1]
    this.#from = from
    return await this.#read({ range }, 'older')
  }

  async growNewerTo(to: number): Promise<boolean> {
    const range: Range = [this.#to + 1, to]
    this.#to = to
    return await this.#read({ range }, 'newer')
  }

  /** Reads again what has changed of it, and what is not sent yet. */
  async readAgain(seqs: Iterable<number>): Promise<boolean> {
    const end = this.newer === 'end' ? Infinity : this.#to
    return await this.#read({ seqs: [...seqs].filter((seq) => seq >= this.#from && seq <= end) })
  }

  /** It follows the newest message no longer. */
  detach(): void {
    this.older = 'more'
    this.newer = 'more'
  }

  mayGrow(side: 'older' | 'newer'): boolean {
    return this[side] !== 'loading' && this[side] !== 'end'
  }

  /**
   * Drops what is far from the message that the reader sees; it is read again when the reader comes near. One side at a time, because
   * the list on the screen can keep its place only when rows are added or removed at one end. False when nothing is far enough.
   */
  dropFarFrom(seq: number): boolean {
    if (this.older === 'loading' || this.newer === 'loading') return false
    const at = this.rows.findLastIndex((row) => row.seq <= seq)
    const [olderOver, newerOver] = [at - MESSAGES_KEPT_PER_SIDE, this.rows.length - 1 - at - MESSAGES_KEPT_PER_SIDE]
    if (olderOver >= MIN_MESSAGES_DROPPED) {
      this.rows = this.rows.slice(olderOver)
      this.#from = this.rows[0]?.seq ?? this.#from
      this.older = 'more'
    } else if (newerOver >= MIN_MESSAGES_DROPPED) {
      this.rows = this.rows.slice(0, -newerOver)
      this.#to = this.rows.at(-1)?.seq ?? this.#to
      this.newer = 'more'
    } else return false
    return true
  }

  /** Reads rows and unsent messages in one transaction, so that a message that is stored meanwhile is seen exactly once. */
  async #read(wanted: WantedMessages, side?: 'older' | 'newer'): Promise<boolean> {
    const held = await this.#store.read(
      async (tx) => {
        const scope = await tx.get('scopes', this.#chatId)
        if (scope?.kind !== 'chat') return null
        const [rows, outbox, firstVisible] = await Promise.all([
          this.#rowsOf(tx, wanted, scope.top),
          tx.all('outbox'),
          readFirstVisibleSeq(tx, this.#chatId),
        ])
        return { rows, outbox, firstVisible, top: scope.top }
      },
      ['scopes', 'messages', 'outbox', 'memberships', 'chats'],
    )
    if (!held) return false
    this.rows = mergeBySeq(this.rows, held.rows)
    const pending = held.outbox.filter((command) => command.chatId === this.#chatId).filter(isMessage)
    if (!areSame(this.pending, pending.sort(byOrder))) this.pending = pending
    this.#setSides(held, side)
    return true
  }

  #setSides({ top, firstVisible }: { top: number; firstVisible: number }, grown?: 'older' | 'newer'): void {
    if (this.newer === 'end' || this.#to >= top) {
      this.#to = Math.max(this.#to, top)
      this.newer = 'end'
    } else if (grown === 'newer') this.newer = 'more'
    if (this.#from <= firstVisible || top === 0) this.older = 'end'
    else if (grown === 'older' || this.older === 'end') this.older = 'more'
  }

  async #rowsOf(tx: ReadTransaction<'messages'>, wanted: WantedMessages, top: number): Promise<MessageRow[]> {
    if ('range' in wanted) return await tx.messages(this.#chatId, ...wanted.range)
    const seqs = wanted.seqs.filter((seq) => seq <= top)
    const rows = await Promise.all(seqs.map((seq) => tx.message(this.#chatId, seq)))
    return rows.filter((row) => row !== undefined)
  }
}

function areSame(shown: MessageCommand[], read: MessageCommand[]): boolean {
  const isShown = ({ id, refusal, paused }: MessageCommand, index: number) =>
    shown[index]?.id === id && shown[index].refusal === refusal && shown[index].paused === paused
  return shown.length === read.length && read.every(isShown)
}

/** Both in the order of `seq`. A row that comes anew replaces the one that is shown. */
function mergeBySeq(shown: MessageRow[], rows: MessageRow[]): MessageRow[] {
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last) return shown
  if (first.seq > (shown.at(-1)?.seq ?? 0)) return [...shown, ...rows]
  if (last.seq < (shown[0]?.seq ?? 0)) return [...rows, ...shown]
  const all = new Map(shown.map((row) => [row.seq, row]))
  for (const row of rows) if ((all.get(row.seq)?.rev ?? 0) <= row.rev) all.set(row.seq, row)
  return [...all.values()].sort((a, b) => a.seq - b.seq)
}
