import type { AvatarId, ClientId, ChatId, FileId, MeetingId, SeatId, SessionId, TabId, UserId } from '../ids.ts'
import type { Capability, ChatRole, ServerRole } from '../permissions.ts'

/** Rows as a client keeps them. Each carries the revision of its scope at which it last changed; the larger one wins. */
type Revised = { rev: number }

/** Scope: chat. */
export type ChatRow = Revised & {
  id: ChatId
  kind: 'direct' | 'group'
  title: string | null
  /** Rows that a device has kept from before lack it. */
  avatarId?: AvatarId | null
  /** The two people of a direct chat; null in a group, whose members are paged. */
  pair: [UserId, UserId] | null
  memberCount: number
  /** Changes when a member joins, leaves or gets another role: pages of members are stale then. */
  membersRev: number
  /** Nobody sees messages up to this `seq` any more. */
  clearedSeq: number
  /** Whether new members may read older messages. */
  historyForNew: boolean
  /** Made for a meeting with a link, and no text was written in it yet: it is not in the list of chats. */
  meetingOnly: boolean
  /** The live meeting of this chat; there is one at most. */
  liveMeetingId: MeetingId | null
  createdBy: UserId
  createdAt: string
}

export type SystemEvent =
  | { event: 'created'; title: string }
  | { event: 'renamed'; title: string }
  /** The avatar was set, replaced or removed. */
  | { event: 'avatar' }
  | { event: 'added'; userIds: UserId[] }
  | { event: 'removed'; userId: UserId }
  | { event: 'left' }
  /** The author joined by the link of a meeting. */
  | { event: 'joined' }
  | { event: 'role'; userId: UserId; role: ChatRole }

/** A meeting as its chat shows it. The card is written when the meeting begins and when it ends, and not in between. */
export type CallCard = {
  meetingId: MeetingId
  /** Started without video. Cards that a device has kept from before lack it. */
  audio: boolean
  state: 'live' | 'ended'
  startedAt: string
  endedAt: string | null
  /** How many people took part; 0 until the meeting has ended. */
  people: number
}

/** A file of a message. */
export type MessageFile = {
  id: FileId
  name: string
  size: number
  /** What its bytes are, whatever its name says. */
  mime: string
  /** Of a picture or a video: the sender says it, and the preview corrects it. */
  width: number | null
  height: number | null
  /** A picture of a few bytes, in base64, to show before the preview is here: the sender says it, and the preview corrects it. */
  thumbhash: string | null
  /** Of sound and video, in milliseconds. Of a voice message the sender says it, and the preview corrects it. */
  durationMs: number | null
  /** How loud a sound is, from its beginning to its end, a byte for each part, in base64. */
  waveform: string | null
  /** There is a version of the video or the sound that every browser plays. */
  hasRendition: boolean
  /** none: there is nothing to make a preview of. */
  preview: 'due' | 'done' | 'none'
}

/** Scope: chat. A deleted message keeps author, seq and kind, without a body. */
export type MessageRow = Revised & {
  chatId: ChatId
  seq: number
  authorId: UserId
  clientId: ClientId | null
  kind: 'text' | 'system' | 'call' | 'file' | 'voice'
  body: string | null
  system: SystemEvent | null
  call: CallCard | null
  /** Of a message of files, and of a voice message, which has one; other messages lack it. */
  files?: MessageFile[]
  /** Of a voice message: somebody other than its author has listened to it. */
  listened?: boolean
  createdAt: string
  editedAt: string | null
  deletedAt: string | null
}

/** Scope: user. My membership in a chat. A row with `leftAt` means that the client drops the chat. */
export type MembershipRow = Revised & {
  chatId: ChatId
  role: ChatRole
  /** The first message that I may read: 0, or the one that added me. */
  fromSeq: number
  /** The revision of the chat at which I became a member: an older cursor cannot be used. */
  sinceRev: number
  readSeq: number
  unreadMark: boolean
  notify: 'all' | 'none'
  pinnedAt: string | null
  joinedAt: string
  leftAt: string | null
  /** Somebody else ended it: the person is told. */
  wasRemoved: boolean
}

/** Scope: user. */
export type SettingsRow = Revised & {
  userId: UserId
  /** Empty for a guest. */
  email: string
  locale: string
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
  /** Revoked or expired: the client drops it. */
  gone: boolean
}

/** Scope: directory. */
export type PersonRow = Revised & {
  id: UserId
  handle: string
  name: string
  role: ServerRole
  /** Rows that a device has kept from before lack it. */
  avatarId?: AvatarId | null
  disabledAt: string | null
}

/** Scope: meeting. Its placement (node and epoch) stays on the server. */
export type MeetingRow = Revised & {
  id: MeetingId
  chatId: ChatId
  /** Who may join by the link: members of the chat, or every user, who then becomes a member. */
  openTo: 'members' | 'everyone'
  /** Started as a call without video: who joins it begins with the camera off. */
  audio: boolean
  state: 'live' | 'ended'
  startedBy: UserId
  startedAt: string
  endedAt: string | null
}

/** Scope: meeting. A person's seat outlives the tab, the network and the node. */
export type SeatRow = Revised & {
  id: SeatId
  meetingId: MeetingId
  userId: UserId
  /** `away`: no node has named it for 5 s; ten minutes later it is `left`. */
  state: 'in' | 'away' | 'left' | 'removed'
  capabilities: Capability[]
  joinedAt: string
}

/** Scope: user. My own seat: my other tabs and devices learn from it that I am in a call, and in which tab. */
export type MySeatRow = Revised & {
  seatId: SeatId
  meetingId: MeetingId
  chatId: ChatId
  tab: TabId
  state: SeatRow['state']
  /** The revision of the meeting at which I took the seat: frames begin there. */
  sinceRev: number
}

/** Scope: user. A voice message of somebody else that I have listened to. */
export type ListenedRow = Revised & {
  chatId: ChatId
  seq: number
  /** When the message was written. Some weeks later nobody asks any more whether I have listened, and the row is deleted. */
  messageAt: string
}

/** The rows of a frame or an answer, by table. A table without rows is absent. */
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
  listened?: ListenedRow[]
}
export type RowTable = keyof Rows

export type ScopeKind = 'chat' | 'meeting' | 'user' | 'directory'
