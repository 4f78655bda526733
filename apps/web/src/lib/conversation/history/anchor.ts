import type { MessageItem } from './message-items.ts'

/** Where a history opens. unread: where the reader stopped, if that is above the unread messages; else at the first of these; else at the end. */
export type Anchor = 'end' | 'unread' | { seq: number }

/** The message that a history was opened at, when that is neither the first unread one nor the newest. */
export type OpenedAt = {
  /** 0: nothing is near the message that was asked for, and the history is open as if none was. */
  seq: number
  /** The message that was asked for, perhaps one that cannot be seen; null when the reader had stopped here. */
  asked: number | null
}

/** The number of a message in an address; null when it cannot be one. */
export function messageInAddress(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null
}

/** The item at which the reader begins, or -1: at the end. */
export function startIndex(items: MessageItem[], openedAt: OpenedAt | null): number {
  if (openedAt?.seq) return items.findIndex((item) => item.kind === 'row' && item.row.seq === openedAt.seq)
  return items.findIndex((item) => item.isFirstUnread)
}
