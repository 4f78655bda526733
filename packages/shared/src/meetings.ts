import type { BootId, ChatId, MeetingId, NodeId, SeatId, UserId } from './ids.ts'
import type { MeetingRow, SeatRow } from './rows/rows.ts'

/** The kinds of media that a seat sends. Each needs the capability of the same name, and `screenSound` that of the screen. */
export const sources = ['mic', 'cam', 'screen', 'screenSound'] as const
export type Source = (typeof sources)[number]

/** The steps of the reconnect ladder, the cheapest first. */
export const reconnectSteps = ['resume', 'restartIce', 'replaceTransport', 'rejoin'] as const
export type ReconnectStep = (typeof reconnectSteps)[number]

/** Why a browser reconnects. */
export const reconnectReasons = [
  'socket_closed',
  'socket_silent',
  'transport_failed',
  'transport_disconnected',
  'transport_closed',
  'no_media',
  'node_ended',
  'network_changed',
  'by_hand',
] as const
export type ReconnectReason = (typeof reconnectReasons)[number]

export type IceServer = { urls: string[]; username: string; credential: string }

/** What a tab needs to join: the address of the node, a ticket and the ICE servers. */
export type JoinAnswer = {
  /** What the API speaks: `protocol.ts`. */
  protocol: number
  meeting: MeetingRow
  /** When somebody first came. The link of a meeting may have been made long before. */
  firstCameAt: string
  seat: SeatRow
  seatEpoch: number
  ticket: string
  node: { id: NodeId; boot: BootId }
  /** A path of our own origin, or the wss address of the node. */
  sfuUrl: string
  routerRtpCapabilities: Record<string, unknown>
  iceServers: IceServer[]
  /** When the credentials of the ICE servers expire, in milliseconds of the server's clock. */
  iceUntil: number
}

/** A meeting as it is shown before joining. */
export type MeetingSummary = {
  meetingId: MeetingId
  chatId: ChatId
  title: string | null
  /** The other person of a direct chat. */
  withUserId: UserId | null
  audio: boolean
  state: MeetingRow['state']
  startedAt: string
  endedAt: string | null
  /** The number of participants, and the first few of them. */
  count: number
  userIds: UserId[]
  /** My seat is used by another tab or device: joining here takes it over. */
  seatedElsewhere: boolean
  /** `/m/<code>` */
  code: string
}

/** What a link tells people who are not signed in. */
export type PublicMeeting = {
  /** Null when the meeting is for members of its chat only, or of two people. */
  title: string | null
  state: MeetingRow['state']
}

export type Attendance = { userId: UserId; seatId: SeatId; cameAt: string; wentAt: string | null }[]

/** A meeting that has ended, as a person who was in it sees it. */
export type EndedMeeting = {
  meetingId: MeetingId
  chatId: ChatId
  title: string | null
  withUserId: UserId | null
  startedAt: string
  endedAt: string
  people: number
  /** Started as a call without video. */
  audio: boolean
}
export type EndedMeetingsPage = { meetings: EndedMeeting[]; next: string | null }
