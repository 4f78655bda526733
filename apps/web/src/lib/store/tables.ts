import type { ClientId, ChatId, ScopeId } from '@veche/shared/ids'
import type { ErrorCode } from '@veche/shared/errors'
import type { Positions } from '@veche/shared/live'
import type { ChatRow, MembershipRow, PersonRow, MySeatRow, SessionRow, SettingsRow } from '@veche/shared/rows/rows'
import type { Range } from './ranges.ts'

/** What a client keeps. Every table but `messages` has one text key; messages are found by chat and seq. */
export type Tables = {
  scopes: ScopeRecord
  chats: ChatRow
  memberships: MembershipRow
  people: PersonRow
  sessions: SessionRow
  settings: SettingsRow
  mySeats: MySeatRow
  drafts: Draft
  outbox: OutboxItem
  marks: Mark
}
export type TableName = keyof Tables

export const tableKeys = {
  scopes: 'id',
  chats: 'id',
  memberships: 'chatId',
  people: 'id',
  sessions: 'id',
  settings: 'userId',
  mySeats: 'seatId',
  drafts: 'chatId',
  outbox: 'clientId',
  marks: 'name',
} as const satisfies { [T in TableName]: keyof Tables[T] }

export const tableNames = Object.keys(tableKeys) as TableName[]

export type ScopeRecord = PlainScope | ChatScope

type PlainScope = {
  id: ScopeId
  kind: 'user' | 'directory'
  /** The cursor: whatever changed up to this revision has been merged. */
  rev: number
}

export type ChatScope = {
  id: ChatId
  kind: 'chat'
  rev: number
  /** The revision at which what is held was put in place as a whole. A row that is not newer says nothing. */
  floor: number
  /** The seqs that are held, and nothing else. */
  ranges: Range[]
  /** The newest seq that is known to exist. */
  top: number
  /** When that message was written, once it is held. */
  topAt: string | null
  /** The newest revision of any message merged; it may run ahead of the cursor. */
  newest: number
  count: Count
  positions: Positions
  /** How far this person has read here; it may run ahead of what the server was told. */
  readTo: number
}

/** The unread number, and what it stands on. */
export type Count = {
  unread: number
  /** Whatever changed up to this revision is in the number. */
  atRev: number
  /** Only messages after this seq are in the number. */
  after: number
  /** The number can no longer be derived from what is held: the server has to be asked. */
  doubt: boolean
}

export type Draft = { chatId: ChatId; body: string; at: number }

export type OutboxItem = {
  clientId: ClientId
  chatId: ChatId
  body: string
  /** The order of composing, over all chats and tabs of this device. */
  order: number
  composedAt: string
  /** Why the server refused it for good; it waits for the person then. */
  refusal: ErrorCode | null
}

/** Small facts about the database itself. */
export type Mark = { name: 'chats.listed'; done: boolean; cursor: string | null }
