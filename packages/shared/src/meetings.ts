import type { BootId, ChatId, MeetingId, NodeId, SeatId, UserId } from './ids.ts'
import type { MeetingRow, SeatRow } from './rows/rows.ts'

/** Kinds of media a seat sends, each needs the capability of its own device (`screenSound` that of the screen). */
export const sources = ['mic', 'cam', 'screen', 'screenSound'] as const
export type Source = (typeof sources)[number]

/** The steps of reconnecting, from the gentlest on, and why one is tried. A client tells both to the node. */
export const reconnectSteps = ['resume', 'restartIce', 'replaceTransport', 'rejoin'] as const
export type ReconnectStep = (typeof reconnectSteps)[number]
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

/** What a tab needs to enter: where, with what ticket, and over which relays. */
export type JoinAnswer = {
  meeting: MeetingRow
  seat: SeatRow
  seatEpoch: number
  ticket: string
  node: { id: NodeId; boot: BootId }
  /** A path of our own origin, or the wss address of the node. */
  sfuUrl: string
  routerRtpCapabilities: Record<string, unknown>
  iceServers: IceServer[]
  /** When the relays' credentials run out, in milliseconds of the server's clock. */
  iceUntil: number
}

/** A meeting as it is seen from outside, before one joins. */
export type MeetingSummary = {
  meetingId: MeetingId
  chatId: ChatId
  title: string | null
  /** The other person of a direct chat. */
  withUserId: UserId | null
  state: MeetingRow['state']
  startedAt: string
  endedAt: string | null
  /** Who is in it; the first few of them. */
  count: number
  userIds: UserId[]
  /** My seat is in use in another tab or on another device: joining here takes it over. */
  seatedElsewhere: boolean
  /** `/m/<code>` */
  code: string
}

export type Attendance = { userId: UserId; seatId: SeatId; cameAt: string; wentAt: string | null }[]

/** A meeting that is over, for whoever was in it. */
export type PastMeeting = {
  meetingId: MeetingId
  chatId: ChatId
  title: string | null
  withUserId: UserId | null
  startedAt: string
  endedAt: string
  people: number
}
export type PastPage = { meetings: PastMeeting[]; next: string | null }
