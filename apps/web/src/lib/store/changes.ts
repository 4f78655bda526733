import type { ChatId, ScopeId, UserId } from '@veche/shared/ids'

/** What one transaction changed: views read exactly this again, in every tab. */
export type Changes = {
  /** Their place in the list: title, last message, number, draft, what waits to be sent. */
  chats: Set<ChatId>
  /** Messages by seq, or all of them. */
  messages: Map<ChatId, Set<number> | 'all'>
  people: Set<UserId>
  /** My settings and sessions. */
  mine: boolean
  outbox: boolean
}

/** What only this tab has to do about it. */
export type Errands = {
  /** Scopes that the server has to be asked about. */
  asks: Set<ScopeId>
  /** People whose rows are wanted. */
  people: Set<UserId>
  /** Messages that others wrote to me directly and that have come this far now. */
  arrived: Map<ChatId, number>
}

export function newErrands(): Errands {
  return { asks: new Set(), people: new Set(), arrived: new Map() }
}

export function newChanges(): Changes {
  return { chats: new Set(), messages: new Map(), people: new Set(), mine: false, outbox: false }
}

export function isEmpty(changes: Changes): boolean {
  const sets = changes.chats.size + changes.messages.size + changes.people.size
  return sets === 0 && !changes.mine && !changes.outbox
}

export function noteMessage(changes: Changes, chatId: ChatId, seq: number | 'all'): void {
  changes.chats.add(chatId)
  const noted = changes.messages.get(chatId)
  if (noted === 'all') return
  if (seq === 'all') changes.messages.set(chatId, 'all')
  else if (noted) noted.add(seq)
  else changes.messages.set(chatId, new Set([seq]))
}
