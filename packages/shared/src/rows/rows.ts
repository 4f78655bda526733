import type { ClientId, DialogId, MessageId, SessionId, UserId } from '../ids.ts'
import type { DialogRole, ServerRole } from '../permissions.ts'

/** Rows as a client keeps them. Each carries the revision of its scope at which it last changed; the larger one wins. */
type Revised = { rev: number }

/** Scope: dialog. */
export type DialogRow = Revised & {
  id: DialogId
  kind: 'direct' | 'group'
  title: string | null
  /** The two people of a direct dialog; null in a group, whose members are paged. */
  pair: [UserId, UserId] | null
  memberCount: number
  /** Moves whenever somebody joins, leaves or changes role: the pages of members are stale then. */
  membersRev: number
  clearedSeq: number
  /** Whether people added later may read what was written before. */
  historyForNew: boolean
  createdBy: UserId
  createdAt: string
}

export type SystemEvent =
  | { event: 'created'; title: string }
  | { event: 'renamed'; title: string }
  | { event: 'added'; userIds: UserId[] }
  | { event: 'removed'; userId: UserId }
  | { event: 'left' }
  | { event: 'role'; userId: UserId; role: DialogRole }

/** Scope: dialog. A deleted message keeps its place: author, seq and kind, without a body. */
export type MessageRow = Revised & {
  dialogId: DialogId
  seq: number
  id: MessageId
  authorId: UserId
  clientId: ClientId | null
  kind: 'text' | 'system'
  body: string | null
  system: SystemEvent | null
  createdAt: string
  editedAt: string | null
  deletedAt: string | null
}

/** Scope: user. My place in a dialog. A row with `leftAt` says: drop that dialog. */
export type MembershipRow = Revised & {
  dialogId: DialogId
  role: DialogRole
  fromSeq: number
  /** The revision of the dialog at which I came: a cursor older than this is worth nothing. */
  sinceRev: number
  readSeq: number
  unreadMark: boolean
  notify: 'all' | 'none'
  pinnedAt: string | null
  joinedAt: string
  leftAt: string | null
}

/** Scope: user. */
export type SettingsRow = Revised & {
  userId: UserId
  email: string
  locale: 'ru' | 'en'
  theme: 'system' | 'light' | 'dark'
  contrast: 'system' | 'more'
  singleKeys: boolean
}

/** Scope: user. */
export type SessionRow = Revised & {
  id: SessionId
  device: string
  ip: string
  createdAt: string
  lastUsedAt: string
  /** Revoked or expired: a client drops it. */
  gone: boolean
}

/** Scope: directory. */
export type PersonRow = Revised & {
  id: UserId
  handle: string
  name: string
  role: ServerRole
  disabledAt: string | null
}

/** What a frame or an answer carries, by table. Absent means none. */
export type Rows = {
  dialogs?: DialogRow[]
  messages?: MessageRow[]
  memberships?: MembershipRow[]
  settings?: SettingsRow[]
  sessions?: SessionRow[]
  people?: PersonRow[]
}
export type RowTable = keyof Rows

export type ScopeKind = 'dialog' | 'meeting' | 'user' | 'directory'
