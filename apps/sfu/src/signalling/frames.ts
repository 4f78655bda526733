import type { MeetingId, SeatId, UserId } from '@veche/shared/ids'
import type { Source } from '@veche/shared/meetings'
import type { Capability } from '@veche/shared/permissions'
import type { types } from 'mediasoup'

/** What a room tells a peer. The first frame answers a join or a resume and holds the whole state; the others are events. */
export type RoomFrame =
  | JoinedFrame
  | { type: 'peer'; peer: PeerView }
  | { type: 'peerGone'; seatId: SeatId }
  | { type: 'subscriptions'; subscriptions: SubscriptionView[] }
  | { type: 'subscription'; id: string; publicationPaused: boolean; hidden: boolean; layer: number | null }
  | { type: 'subscriptionClosed'; id: string }
  /** Who speaks now: the dominant speaker first, then by loudness. */
  | { type: 'speakers'; seatIds: SeatId[] }
  | { type: 'quality'; seatId: SeatId; quality: Quality }
  /** The node stopped one of my publications: paused it, or closed it because it stayed above its bitrate limit. */
  | { type: 'publicationStopped'; id: string; source: Source; reason: 'bitrate' | 'capability'; closed: boolean }
  | TransportLost
  | { type: 'capabilities'; capabilities: Capability[] }
  /** The last frame. `taken_over`: a newer peer has the seat. `lost`, `moved`, `stopping`: ask the API for a new ticket. */
  | { type: 'ended'; reason: EndReason }

/**
 * The node closed a transport: its handshake failed, DTLS was closed, too much came on it that belongs to no stream, or its TCP connection
 * was not read. Replace it.
 */
export type TransportLost = {
  type: 'transportClosed'
  id: string
  direction: 'send' | 'recv'
  reason: 'handshake' | 'bitrate' | 'tcp_stalled'
}

export type EndReason = 'left' | 'taken_over' | 'removed' | 'meeting_ended' | 'moved' | 'lost' | 'stopping' | 'silent'

export type JoinedFrame = {
  type: 'joined'
  meetingId: MeetingId
  seatId: SeatId
  /** Resumes this peer on another socket, for as long as the node keeps the peer. Each use issues a new one. */
  secret: string
  resumed: boolean
  capabilities: Capability[]
  send: TransportView
  recv: TransportView
  /** My publications on the node: after a resume the browser compares them with its own. */
  publications: PublicationView[]
  /** The current peers of all other seats. */
  peers: PeerView[]
  subscriptions: SubscriptionView[]
  speakers: SeatId[]
}

export type TransportView = {
  id: string
  iceParameters: types.IceParameters
  iceCandidates: types.IceCandidate[]
  dtlsParameters: types.DtlsParameters
}

export type PublicationView = { id: string; source: Source; paused: boolean }

export type PeerView = {
  seatId: SeatId
  userId: UserId
  name: string
  /** Neither a message nor media for 5 s. The seat is kept. */
  away: boolean
  quality: Quality
  publications: PublicationView[]
}

/** How well the media that this peer sends (`up`) and receives (`down`) arrives. */
export type Quality = { up: Level; down: Level; reason: 'loss' | 'bandwidth' | 'delay' | null }
export type Level = 'good' | 'weak' | 'bad'

export type SubscriptionView = {
  id: string
  /** The transport it arrives on: while one is being replaced there are two. */
  transportId: string
  publicationId: string
  seatId: SeatId
  source: Source
  kind: types.MediaKind
  rtpParameters: types.RtpParameters
  publicationPaused: boolean
  /** Not on the screen: the subscription is kept and paused. */
  hidden: boolean
}

/** A tile on the client's screen, with its size in physical pixels. Pictures without a tile are paused. */
export type ViewTile = { seatId: SeatId; source: 'cam' | 'screen'; width: number; height: number }
