import type { ChatId, MeetingId, ScopeId, UserId } from './ids.ts'
import type { Rows, ScopeKind } from './rows/rows.ts'

/**
 * The live stream of a tab. It has no input and sends no backlog: after `hello` the client asks `sync.state`; `changes` carries the rows
 * with a revision above `from` and up to `rev`; a `signal` is worth nothing a minute later.
 */
export type LiveFrame = HelloFrame | ChangesFrame | SignalFrame

export type HelloFrame = { type: 'hello'; now: number; release: string }

export type ChangesFrame = { type: 'changes'; scope: ScopeKind; id: ScopeId; from: number; rev: number; rows: Rows }

export type SignalFrame = { type: 'signal'; signal: Signal }

export type Signal =
  | { kind: 'typing'; chatId: ChatId; userId: UserId }
  | { kind: 'presence'; userId: UserId; online: boolean; seenAt: string | null }
  /** Who is in the meeting of a chat now, for its Join banner. */
  | { kind: 'meeting'; chatId: ChatId; meetingId: MeetingId; count: number; userIds: UserId[] }
  | ({ kind: 'positions'; chatId: ChatId; userId: UserId } & Positions)

/** The furthest read position of the other members of a chat. `delivered` exists in direct chats only; elsewhere it is 0. */
export type Positions = { read: number; delivered: number }

export type Presence = { userId: UserId; online: boolean; seenAt: string | null }

export type Unread = { unread: number; atRev: number }

/** The answer about one scope: rows as they are now, read in one snapshot with `rev`. */
export type ScopeAnswer = {
  scope: ScopeKind
  id: ScopeId
  rev: number
  rows: Rows
  /** The answer is cut at `rev`: ask again from there. */
  more: boolean
  /** Drop what was held of this scope: these rows, the newest page, replace it. */
  reset: boolean
  /** The scope does not exist or may not be seen: drop it. */
  gone: boolean
  /** Chats only. */
  unread?: Unread
  positions?: Positions
}

export type StateAnswer = {
  now: number
  /** Scopes that are gone, then changed ones as far as they fit into this answer, the user's own first. */
  scopes: ScopeAnswer[]
  /** Changed scopes that did not fit: ask for each with sync.scope. */
  behind: { id: ScopeId; rev: number }[]
  /** The others' positions in all held chats, since signals may have been lost. */
  positions: ({ chatId: ChatId } & Positions)[]
}

/**
 * One page of the list of chats, newest first, each with its last message and my membership. `next` is the cursor of the next page, `left`
 * the number of chats after this page.
 */
export type ChatsPage = { chats: ScopeAnswer[]; next: string | null; left: number }
