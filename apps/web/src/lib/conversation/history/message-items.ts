import { countedKinds } from '@veche/shared/messages'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { MessageCommand } from '#lib/store/commands.ts'

/** Messages of one author with a shorter pause between them form a group. */
const GROUP_PAUSE_MS = 10 * 60_000

/** Their authors are named, and their messages form groups. */
const writtenKinds = new Set<MessageRow['kind']>(['text', 'file', 'voice'])

/** A message of the list on the screen: stored (`row`), or not sent yet (`pending`). */
export type MessageItem = {
  /** The same before and after the message was sent. */
  key: string
  at: string
  startsGroup: boolean
  endsGroup: boolean
  startsDay: boolean
  /** The first message of others that was unread when the conversation was opened. */
  isFirstUnread: boolean
} & Content
type Content = { kind: 'row'; row: MessageRow } | { kind: 'pending'; pending: MessageCommand }

type ListInput = { rows: MessageRow[]; pending: MessageCommand[]; me: string; firstUnread: number | null }

/** A message with what is needed to group it. */
type Groupable = {
  key: string
  at: string
  /** Null for messages that belong to no group. */
  author: string | null
  time: number
  /** The local midnight before it. */
  day: number
  content: Content
}

/** Turns the messages of one conversation into the items of its list. */
export class MessageItems {
  /** Parsing ten thousand times is slow, so each message is parsed once. */
  readonly #times = new WeakMap<MessageRow | MessageCommand, { time: number; day: number }>()

  list({ rows, pending, me, firstUnread }: ListInput): MessageItem[] {
    const messages = [
      ...rows.map((row) => this.#fromRow(row, me)),
      ...pending.map((item) => this.#fromPending(item, me)),
    ]
    const unreadIndex = firstUnread === null ? -1 : rows.findIndex((row) => isUnread(row, me, firstUnread))
    const joins = messages.map((message, index) => index !== unreadIndex && joinsGroup(messages[index - 1], message))
    return messages.map(({ key, at, day, content }, index) => ({
      ...content,
      key,
      at,
      startsGroup: !joins[index],
      endsGroup: !joins[index + 1],
      startsDay: messages[index - 1]?.day !== day,
      isFirstUnread: index === unreadIndex,
    }))
  }

  /** One's own message keeps the key that it had while it waited. What others call theirs is not trusted: two keys must never be equal. */
  #fromRow(row: MessageRow, me: string): Groupable {
    const author = writtenKinds.has(row.kind) ? row.authorId : null
    const times = this.#timesOf(row, row.createdAt)
    const key = (row.authorId === me && row.clientId) || String(row.seq)
    return { key, at: row.createdAt, author, ...times, content: { kind: 'row', row } }
  }

  #fromPending(pending: MessageCommand, me: string): Groupable {
    const { id, composedAt } = pending
    const times = this.#timesOf(pending, composedAt)
    return { key: id, at: composedAt, author: me, ...times, content: { kind: 'pending', pending } }
  }

  #timesOf(message: MessageRow | MessageCommand, at: string): { time: number; day: number } {
    const known = this.#times.get(message)
    if (known) return known
    const time = Date.parse(at)
    const times = { time, day: new Date(time).setHours(0, 0, 0, 0) }
    this.#times.set(message, times)
    return times
  }
}

function isUnread(row: MessageRow, me: string, firstUnread: number): boolean {
  return row.seq >= firstUnread && countedKinds.includes(row.kind) && row.authorId !== me
}

function joinsGroup(before: Groupable | undefined, message: Groupable): boolean {
  if (!before || message.author === null || message.author !== before.author) return false
  return message.time - before.time < GROUP_PAUSE_MS && message.day === before.day
}
