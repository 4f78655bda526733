import { countedKinds } from '@veche/shared/messages'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { OutboxItem } from '#lib/store/tables.ts'

const TOGETHER_MS = 10 * 60_000

type Place = {
  key: string
  at: string
  /** Begins and ends a group of one author's messages that were written together. */
  first: boolean
  last: boolean
  /** The first one of its day. */
  day: boolean
  /** The first one of others' that was unread when the conversation was opened. */
  divider: boolean
}
export type Line = Place & ({ kind: 'row'; row: MessageRow } | { kind: 'pending'; item: OutboxItem })

/** Messages as they stand below each other. The key of a message is the same before and after it was sent. */
export function toLines(rows: MessageRow[], pending: OutboxItem[], me: string, divider: number | null): Line[] {
  const bare = [...rows.map((row) => fromRow(row)), ...pending.map((item) => fromItem(item, me))]
  const dividerAt =
    divider === null
      ? -1
      : rows.findIndex((row) => row.seq >= divider && countedKinds.includes(row.kind) && row.authorId !== me)
  const joins = bare.map((one, at) => at > 0 && at !== dividerAt && together(bare[at - 1] as Bare, one))
  return bare.map((one, at) => ({
    ...one.line,
    key: one.key,
    at: one.at,
    first: !joins[at],
    last: !joins[at + 1],
    day: at === 0 || dayOf(bare[at - 1] as Bare) !== dayOf(one),
    divider: at === dividerAt,
  }))
}

type Bare = {
  key: string
  at: string
  /** Null: it stands alone. */
  author: string | null
  line: { kind: 'row'; row: MessageRow } | { kind: 'pending'; item: OutboxItem }
  source: object
}

function fromRow(row: MessageRow): Bare {
  const author = row.kind !== 'text' ? null : row.authorId
  return { key: row.clientId ?? row.id, at: row.createdAt, author, line: { kind: 'row', row }, source: row }
}

function fromItem(item: OutboxItem, me: string): Bare {
  return { key: item.clientId, at: item.composedAt, author: me, line: { kind: 'pending', item }, source: item }
}

function together(before: Bare, one: Bare): boolean {
  if (one.author === null || one.author !== before.author) return false
  return timeOf(one) - timeOf(before) < TOGETHER_MS && dayOf(one) === dayOf(before)
}

/** Reading ten thousand times takes a while: each row is read once. */
const times = new WeakMap<object, { time: number; day: number }>()

function timeOf(one: Bare): number {
  return read(one).time
}

/** The local midnight before it. */
function dayOf(one: Bare): number {
  return read(one).day
}

function read(one: Bare): { time: number; day: number } {
  const known = times.get(one.source)
  if (known) return known
  const time = Date.parse(one.at)
  const found = { time, day: new Date(time).setHours(0, 0, 0, 0) }
  times.set(one.source, found)
  return found
}
