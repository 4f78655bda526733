import type { MeetingId, SeatId, UserId } from '@veche/shared/ids'
import type { Source } from '@veche/shared/meetings'
import type { Capability } from '@veche/shared/permissions'
import type { types } from 'mediasoup'

/** What a room tells a peer. The first frame is the answer to joining or resuming and holds everything; the rest are events. */
export type RoomFrame =
  | JoinedFrame
  | { type: 'peer'; peer: PeerView }
  | { type: 'gone'; seatId: SeatId }
  | { type: 'consumers'; consumers: ConsumerView[] }
  | { type: 'consumer'; id: string; producerPaused: boolean; hidden: boolean; layer: number | null }
  | { type: 'consumerClosed'; id: string }
  /** Who speaks now, the loudest first. */
  | { type: 'speakers'; seatIds: SeatId[] }
  | { type: 'quality'; seatId: SeatId; quality: Quality }
  /** A producer of mine that the node stopped: paused, or closed when more than its share went on coming. */
  | { type: 'stopped'; id: string; source: Source; reason: 'bitrate' | 'capability'; closed: boolean }
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
  /** My own producers that still flow: after a resume the browser compares. */
  producers: ProducerView[]
  /** The others. */
  peers: PeerView[]
  consumers: ConsumerView[]
  speakers: SeatId[]
}

export type TransportView = {
  id: string
  iceParameters: types.IceParameters
  iceCandidates: types.IceCandidate[]
  dtlsParameters: types.DtlsParameters
}

export type ProducerView = { id: string; source: Source; paused: boolean }

export type PeerView = {
  seatId: SeatId
  userId: UserId
  name: string
  /** No sign of life for 5 s: the seat is kept. */
  away: boolean
  quality: Quality
  producers: ProducerView[]
}

/** How what this peer sends (`up`) and receives (`down`) arrives. */
export type Quality = { up: Level; down: Level; reason: 'loss' | 'bandwidth' | 'delay' | null }
export type Level = 'good' | 'weak' | 'bad'

export type ConsumerView = {
  id: string
  /** The transport it arrives on: while one is being renewed there are two. */
  transportId: string
  producerId: string
  seatId: SeatId
  source: Source
  kind: types.MediaKind
  rtpParameters: types.RtpParameters
  producerPaused: boolean
  /** Not on the screen as far as the node knows: kept, and silent. */
  hidden: boolean
}

/** What the client has on its screen, and how large, in physical pixels. Everything else is paused. */
export type ViewTile = { seatId: SeatId; source: 'cam' | 'screen'; width: number; height: number }
