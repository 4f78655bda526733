import type { ChatId, ScopeId } from '@veche/shared/ids'
import type { Positions } from '@veche/shared/live'
import type {
  ChatRow,
  ListenedRow,
  MembershipRow,
  MySeatRow,
  PersonRow,
  SessionRow,
  SettingsRow,
} from '@veche/shared/rows/rows'
import type { Command } from './commands.ts'
import type { Range } from './ranges.ts'

/** What a client keeps. Each of these tables has one text key; messages are a table of their own, with chat and seq as key. */
export type Tables = {
  scopes: ScopeRecord
  chats: ChatRow
  memberships: MembershipRow
  people: PersonRow
  sessions: SessionRow
  settings: SettingsRow
  mySeats: MySeatRow
  drafts: Draft
  outbox: Command
  listProgress: ListProgress
  visits: Visit
  attachments: Attachment
  listened: Listened
  voiceParts: VoicePart
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
  outbox: 'id',
  listProgress: 'name',
  visits: 'chatId',
  attachments: 'id',
  listened: 'id',
  voiceParts: 'id',
} as const satisfies { [T in TableName]: keyof Tables[T] }

/** By what the first screen is read: the chats with the newest messages, and the pinned ones. */
export const tableIndexes = { scopes: 'topAt', memberships: 'pinnedAt' } as const
export type IndexedTable = keyof typeof tableIndexes

export const tableNames = Object.keys(tableKeys) as TableName[]

/** An object store of the database: a table, or the messages. */
export type StoreName = TableName | 'messages'

export const storeNames: StoreName[] = [...tableNames, 'messages']

export type ScopeRecord = PlainScope | ChatScope

type PlainScope = {
  id: ScopeId
  kind: 'user' | 'directory'
  /** The cursor: all changes up to this revision are merged. */
  rev: number
}

export type ChatScope = {
  id: ChatId
  kind: 'chat'
  /** The cursor: all changes up to this revision are merged. */
  rev: number
  /** The revision at which an answer replaced everything held of the chat. An older answer is out of date. */
  replacedRev: number
  /** The seqs that are held. */
  ranges: Range[]
  /** The newest seq known to exist. */
  top: number
  /** When the message `top` was written, once it is held. */
  topAt: string | null
  /** The newest revision of any merged message. It may be newer than the cursor. */
  newestRev: number
  count: UnreadNumber
  /** How far the others have read and received. */
  positions: Positions
  /** How far I have read on this device. The server may not know it yet. */
  readTo: number
}

/** The unread number, and what it was counted from. */
export type UnreadNumber = {
  unread: number
  /** All changes up to this revision are counted. */
  atRev: number
  /** Only messages after this seq are counted. */
  after: number
  /** The number cannot be derived from what is held: the server has to count. */
  needsRecount: boolean
}

/** When a chat was shown last on this device. */
export type Visit = {
  chatId: ChatId
  at: number
  /** The message at which its reader stopped; null or missing: at the end. */
  stoppedAtSeq?: number | null
}

/** The bytes of a file that a command in the outbox sends. */
export type Attachment = {
  id: string
  bytes: Blob
}

/** A voice message of somebody else that I have listened to. */
export type Listened = ListenedRow & { id: string }

export function listenedId({ chatId, seq }: { chatId: ChatId; seq: number }): string {
  return `${chatId} ${seq}`
}

/**
 * A piece of a voice message that is being recorded or was not sent. It is stored as soon as the recorder gives it, so nothing else is
 * lost with the page. Its id begins with that of the chat, and those of one message are in the order of recording.
 */
export type VoicePart = {
  id: string
  chatId: ChatId
  bytes: Blob
  /** How loud it was, 0 to 255, since the part before. */
  levels: number[]
  /** How long the message is up to the end of this part. */
  durationMs: number
}

export type Draft = { chatId: ChatId; body: string; at: number }

/** How far the first sync of the list of chats has come. */
type ListProgress = { name: 'chats.listed'; done: boolean; cursor: string | null }
