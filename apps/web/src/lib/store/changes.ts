import type { ChatId, ScopeId, UserId } from '@veche/shared/ids'

/** What one transaction changed. Every tab reads exactly this again. */
export type Changes = {
  /** Chats whose entry in the list changed: title, last message, unread number, draft, outbox. */
  chats: Set<ChatId>
  /** Messages by seq, or all of them. */
  messages: Map<ChatId, Set<number> | 'all'>
  people: Set<UserId>
  /** My settings, sessions and seats, and what I have listened to. */
  account: boolean
  outbox: boolean
}

/** What has to be done after a transaction. Only the tab that made the transaction does it. */
export type FollowUps = {
  /** Scopes to fetch from the server. */
  scopes: Set<ScopeId>
  /** People whose rows have to be fetched. */
  people: Set<UserId>
  /** Direct messages to me that were received now: the author is told up to which seq. */
  delivered: Map<ChatId, number>
}

export function newFollowUps(): FollowUps {
  return { scopes: new Set(), people: new Set(), delivered: new Map() }
}

export function newChanges(): Changes {
  return { chats: new Set(), messages: new Map(), people: new Set(), account: false, outbox: false }
}

export function isEmpty(changes: Changes): boolean {
  const sets = changes.chats.size + changes.messages.size + changes.people.size
  return sets === 0 && !changes.account && !changes.outbox
}

export function noteMessage(changes: Changes, chatId: ChatId, seq: number | 'all'): void {
  changes.chats.add(chatId)
  const noted = changes.messages.get(chatId)
  if (noted === 'all') return
  if (seq === 'all') changes.messages.set(chatId, 'all')
  else if (noted) noted.add(seq)
  else changes.messages.set(chatId, new Set([seq]))
}
