import { z } from 'zod'
import { capabilities } from './permissions.ts'
import { knownEntries, knownWords, protocolVersion } from './schemas/protocol.ts'
import { bootId, meetingId, nodeId, rev, seatId } from './schemas/fields.ts'

/**
 * The messages between media nodes and the API, on ports that only they can reach. The other side may be of another release: unknown keys
 * are dropped, and entries with unknown words are left out.
 */

/** A seat as its node sees it: connected, or `away` since its connection has been silent for 5 s. */
const seatReport = z.object({
  seat: seatId,
  epoch: z.int32().min(0),
  /** A node that knows another state has the seat in its room. */
  state: z.enum(['in', 'away']).catch('in'),
})

const seatStates = ['in', 'away', 'left', 'removed'] as const
const meetingStates = ['live', 'moved', 'ended'] as const

const worker = z.object({
  /** How much CPU time it used over the last second: 1 is one full core. */
  load: z.number().min(0).max(64),
  rooms: z.int32().min(0),
  peers: z.int32().min(0),
  full: z.boolean(),
})

/** What a node sends once a second. */
export const heartbeat = z.object({
  protocol: protocolVersion,
  node: nodeId,
  boot: bootId,
  release: z.string().max(64),
  /** Where the API reaches its signalling and its control port: host:port. */
  signalling: z.string().max(300),
  control: z.string().max(300),
  /** Where browsers reach its signalling; null: at the installation's own address, `/sfu/<node>`. */
  url: z.string().max(300).nullable(),
  workers: z.array(worker).max(256),
  /** The RTP capabilities of its routers, which are constant for a release. Sent while the API asks for them. */
  capabilities: z.record(z.string(), z.unknown()).optional(),
  meetings: z
    .array(
      z.object({
        meeting: meetingId,
        epoch: z.int32().min(0),
        /** The revision of the seats that the node has applied. */
        rev,
        seats: z.array(seatReport).max(1_000),
      }),
    )
    .max(5_000),
})

/** A seat as Postgres has it. The node closes peers of an older epoch and of seats that are left or removed, and applies the capabilities. */
export const seatUpdate = z.object({
  seat: seatId,
  epoch: z.int32().min(0),
  state: z.enum(seatStates),
  capabilities: knownWords(capabilities),
})

export const meetingUpdate = z.object({
  meeting: meetingId,
  /** The epoch of the meeting's placement. A node that holds an older one closes its room: the meeting is on another node, or has ended. */
  epoch: z.int32().min(0),
  state: z.enum(meetingStates),
  rev,
  seats: knownEntries(z.array(seatUpdate), 'state', seatStates),
})

export const heartbeatAnswer = z.object({
  protocol: protocolVersion,
  /** The API's clock, in milliseconds: tickets expire by it. */
  now: z.number(),
  /** The public keys of tickets (Ed25519, 32 bytes in base64url), by name. There are two while a key is changed. */
  keys: z.array(z.object({ kid: z.string().max(64), x: z.string().max(64) })).max(2),
  wantCapabilities: z.boolean(),
  meetings: knownEntries(z.array(meetingUpdate), 'state', meetingStates),
})

export type Heartbeat = z.output<typeof heartbeat>
export type HeartbeatAnswer = z.output<typeof heartbeatAnswer>
export type SeatReport = z.output<typeof seatReport>
export type SeatUpdate = z.output<typeof seatUpdate>
export type MeetingUpdate = z.output<typeof meetingUpdate>

/**
 * Both control ports use HTTPS with a pre-shared key instead of certificates: each side proves that it has the key of the node. The
 * identity of the caller is the name of the node at the API's port, and `api` at the port of a node.
 */
export const controlTls = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const
export const apiIdentity = 'api'

/**
 * With a browser's socket the API tells the node where the browser is: the address, and an HMAC by each key that the node may have. The
 * key of the handshake is in it, so that it proves nothing about another socket.
 */
export const clientAddressHeader = 'x-veche-address'
export function clientAddressText(address: string, webSocketKey: string | undefined): string {
  return `client address ${address} ${webSocketKey ?? ''}`
}
