import type { MeetingId, SeatId, UserId } from '@veche/shared/ids'
import type { Source } from '@veche/shared/meetings'
import type { Capability } from '@veche/shared/permissions'
import type { types } from 'mediasoup'

/** What a room tells a peer. The first frame is the answer to joining or resuming and holds everything; the rest are events. */
export type RoomFrame =
  | JoinedFrame
  | { type: 'peer'; peer: PeerView }
  | { type: 'peerGone'; seatId: SeatId }
  | { type: 'subscriptions'; subscriptions: SubscriptionView[] }
  | { type: 'subscription'; id: string; publicationPaused: boolean; hidden: boolean; layer: number | null }
  | { type: 'subscriptionClosed'; id: string }
  /** Who speaks now, the loudest first. */
  | { type: 'speakers'; seatIds: SeatId[] }
  | { type: 'quality'; seatId: SeatId; quality: Quality }
  /** A producer of mine that the node stopped: paused, or closed when more than its share went on coming. */
  | { type: 'publicationStopped'; id: string; source: Source; reason: 'bitrate' | 'capability'; closed: boolean }
  | TransportLost
  | { type: 'caps'; caps: Capability[] }
  /** The last frame. `taken_over`: the seat is in use elsewhere. `lost`, `moved`, `stopping`: ask the API for a new ticket. */
  | { type: 'ended'; reason: EndReason }

/** A transport that the node closed by itself: its handshake failed or it said farewell, or more came on it than ever may. Renew it. */
export type TransportLost = {
  type: 'transportClosed'
  id: string
  direction: 'send' | 'recv'
  reason: 'handshake' | 'bitrate'
}

export type EndReason = 'left' | 'taken_over' | 'removed' | 'meeting_ended' | 'moved' | 'lost' | 'stopping' | 'silent'

export type JoinedFrame = {
  type: 'joined'
  meetingId: MeetingId
  seatId: SeatId
  /** Lets this peer come back on another socket, for as long as the node keeps it. Changes with each use. */
  secret: string
  resumed: boolean
  caps: Capability[]
  send: TransportView
  recv: TransportView
  /** My own publications that still flow: after a resume the browser compares. */
  publications: PublicationView[]
  /** The others. */
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
  /** No sign of life for 5 s: the seat is kept. */
  away: boolean
  quality: Quality
  publications: PublicationView[]
}

/** How what this peer sends (`up`) and receives (`down`) arrives. */
export type Quality = { up: Level; down: Level; reason: 'loss' | 'bandwidth' | 'delay' | null }
export type Level = 'good' | 'weak' | 'bad'

export type SubscriptionView = {
  id: string
  /** The transport it arrives on: while one is being renewed there are two. */
  transportId: string
  publicationId: string
  seatId: SeatId
  source: Source
  kind: types.MediaKind
  rtpParameters: types.RtpParameters
  publicationPaused: boolean
  /** Not on the screen as far as the node knows: kept, and silent. */
  hidden: boolean
}

/** What the client has on its screen, and how large, in physical pixels. Everything else is paused. */
export type ViewTile = { seatId: SeatId; source: 'cam' | 'screen'; width: number; height: number }
