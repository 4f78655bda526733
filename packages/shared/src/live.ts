import type { ChatId, MeetingId, ScopeId, UserId } from './ids.ts'
import type { Rows, ScopeKind } from './rows/rows.ts'

/**
 * The one stream of a tab. It takes no input and answers no backlog: `hello` says "now ask sync.state", `changes` carries the rows
 * stamped `from < rev ≤ rev`, a `signal` is worth nothing a minute later.
 */
export type LiveFrame = HelloFrame | ChangesFrame | SignalFrame

export type HelloFrame = { type: 'hello'; now: number; release: string }

export type ChangesFrame = { type: 'changes'; scope: ScopeKind; id: ScopeId; from: number; rev: number; rows: Rows }

export type SignalFrame = { type: 'signal'; signal: Signal }

export type Signal =
  | { kind: 'typing'; chatId: ChatId; userId: UserId }
  | { kind: 'presence'; userId: UserId; online: boolean; seenAt: string | null }
  /** Who is in the meeting of a chat just now: for its Join banner. */
  | { kind: 'meeting'; chatId: ChatId; meetingId: MeetingId; count: number; userIds: UserId[] }
  | ({ kind: 'positions'; chatId: ChatId; userId: UserId } & Positions)

/** How far the others have come in a chat: the furthest of them. `delivered` exists in direct chats only, elsewhere it is 0. */
export type Positions = { read: number; delivered: number }

export type Presence = { userId: UserId; online: boolean; seenAt: string | null }

export type Unread = { unread: number; atRev: number }

/** The answer about one scope: rows as they are now, read in one snapshot with `rev`. */
export type ScopeAnswer = {
  scope: ScopeKind
  id: ScopeId
  rev: number
  rows: Rows
  /** There is more after `rev`: ask again from there. */
  more: boolean
  /** What was held of this scope is worth nothing: put these rows (the newest page) in its place. */
  reset: boolean
  /** You are no member (any longer): drop the scope. */
  gone: boolean
  /** Chats only. */
  unread?: Unread
  positions?: Positions
}

export type StateAnswer = {
  now: number
  /** Scopes that are gone, then those that changed and fitted into this answer, one's own before the others. */
  scopes: ScopeAnswer[]
  /** Scopes that changed and did not fit: ask for each with sync.scope. */
  behind: { id: ScopeId; rev: number }[]
  /** Others' positions in all held chats: a signal may have been lost. */
  positions: ({ chatId: ChatId } & Positions)[]
}

/** One page of the chats list, newest first: each with its last message. Cursor: pass back `next`. */
export type ChatsPage = { chats: ScopeAnswer[]; next: string | null }
