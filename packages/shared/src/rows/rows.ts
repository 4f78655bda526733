import type { ClientId, DialogId, MeetingId, MessageId, SeatId, SessionId, TabId, UserId } from '../ids.ts'
import type { Capability, DialogRole, ServerRole } from '../permissions.ts'

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
  /** The meeting that goes on here now: one at most. */
  liveMeetingId: MeetingId | null
  createdBy: UserId
  createdAt: string
}

export type SystemEvent =
  | { event: 'created'; title: string }
  | { event: 'renamed'; title: string }
  | { event: 'added'; userIds: UserId[] }
  | { event: 'removed'; userId: UserId }
  | { event: 'left' }
  /** By the link of a meeting. */
  | { event: 'joined' }
  | { event: 'role'; userId: UserId; role: DialogRole }

/** How a meeting stands in its dialog: written when it begins and when it ends, and at no coming or going between. */
export type CallCard = {
  meetingId: MeetingId
  state: 'live' | 'ended'
  startedAt: string
  endedAt: string | null
  /** How many people took part; 0 until it has ended. */
  people: number
}

/** Scope: dialog. A deleted message keeps its place: author, seq and kind, without a body. */
export type MessageRow = Revised & {
  dialogId: DialogId
  seq: number
  id: MessageId
  authorId: UserId
  clientId: ClientId | null
  kind: 'text' | 'system' | 'call'
  body: string | null
  system: SystemEvent | null
  call: CallCard | null
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

/** Scope: meeting. Where it is held (node and epoch) is nobody's business but the server's. */
export type MeetingRow = Revised & {
  id: MeetingId
  dialogId: DialogId
  /** Who may come by the link: members of the dialog, or everybody who is signed in (and becomes a member by coming). */
  openTo: 'members' | 'everyone'
  state: 'live' | 'ended'
  startedBy: UserId
  startedAt: string
  endedAt: string | null
}

/** Scope: meeting. A person's place: it outlives the tab, the network and the node. */
export type SeatRow = Revised & {
  id: SeatId
  meetingId: MeetingId
  userId: UserId
  /** `away`: no sign of life for 5 s; ten minutes later `left`. */
  state: 'in' | 'away' | 'left' | 'removed'
  caps: Capability[]
  joinedAt: string
}

/** Scope: user. Where I sit myself: my other tabs and devices learn from it that I am in a call, and where. */
export type PlaceRow = Revised & {
  seatId: SeatId
  meetingId: MeetingId
  dialogId: DialogId
  tab: TabId
  state: SeatRow['state']
  /** The revision of the meeting at which I sat down: the stream tells from there. */
  sinceRev: number
}

/** What a frame or an answer carries, by table. Absent means none. */
export type Rows = {
  dialogs?: DialogRow[]
  messages?: MessageRow[]
  memberships?: MembershipRow[]
  settings?: SettingsRow[]
  sessions?: SessionRow[]
  people?: PersonRow[]
  meetings?: MeetingRow[]
  seats?: SeatRow[]
  places?: PlaceRow[]
}
export type RowTable = keyof Rows

export type ScopeKind = 'dialog' | 'meeting' | 'user' | 'directory'
