import type { ClientId, ChatId, MeetingId, MessageId, SeatId, SessionId, TabId, UserId } from '../ids.ts'
import type { Capability, ChatRole, ServerRole } from '../permissions.ts'

/** Rows as a client keeps them. Each carries the revision of its scope at which it last changed; the larger one wins. */
type Revised = { rev: number }

/** Scope: chat. */
export type ChatRow = Revised & {
  id: ChatId
  kind: 'direct' | 'group'
  title: string | null
  /** The two people of a direct chat; null in a group, whose members are paged. */
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
  | { event: 'role'; userId: UserId; role: ChatRole }

/** How a meeting stands in its chat: written when it begins and when it ends, and at no coming or going between. */
export type CallCard = {
  meetingId: MeetingId
  state: 'live' | 'ended'
  startedAt: string
  endedAt: string | null
  /** How many people took part; 0 until it has ended. */
  people: number
}

/** Scope: chat. A deleted message keeps its place: author, seq and kind, without a body. */
export type MessageRow = Revised & {
  chatId: ChatId
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

/** Scope: user. My place in a chat. A row with `leftAt` says: drop that chat. */
export type MembershipRow = Revised & {
  chatId: ChatId
  role: ChatRole
  fromSeq: number
  /** The revision of the chat at which I came: a cursor older than this is worth nothing. */
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
  chatId: ChatId
  /** Who may come by the link: members of the chat, or everybody who is signed in (and becomes a member by coming). */
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
export type MySeatRow = Revised & {
  seatId: SeatId
  meetingId: MeetingId
  chatId: ChatId
  tab: TabId
  state: SeatRow['state']
  /** The revision of the meeting at which I sat down: the stream tells from there. */
  sinceRev: number
}

/** What a frame or an answer carries, by table. Absent means none. */
export type Rows = {
  chats?: ChatRow[]
  messages?: MessageRow[]
  memberships?: MembershipRow[]
  settings?: SettingsRow[]
  sessions?: SessionRow[]
  people?: PersonRow[]
  meetings?: MeetingRow[]
  seats?: SeatRow[]
  mySeats?: MySeatRow[]
}
export type RowTable = keyof Rows

export type ScopeKind = 'chat' | 'meeting' | 'user' | 'directory'
