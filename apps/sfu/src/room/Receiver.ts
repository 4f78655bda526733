import type { types } from 'mediasoup'
import type { EndReason, RoomFrame } from '../signalling/frames.ts'
import type { Publication } from './Publication.ts'

/** Receives the media of a room. A peer is a receiver; a relay to another node or a recorder can be others. */
export interface Receiver {
  readonly ended: EndReason | null
  /** The transport for new subscriptions. */
  readonly receiveTransport: types.Transport
  /** What the room has for this receiver: everything but its own publications. */
  readonly offered: Publication[]
  push(frame: RoomFrame): void
  /** Brings the actual subscriptions to the wanted ones, for these publications or for all that are offered. */
  reconcile(publications?: Publication[]): Promise<void>
}
