import { z } from 'zod'
import { capabilities } from './permissions.ts'
import { bootId, meetingId, nodeId, rev, seatId } from './schemas/fields.ts'

/** What a media node and the API say to each other, on ports that nobody else is let to. */

/** A seat as a node sees it: somebody is there, or has given no sign of life for 5 s. */
const seatReport = z.strictObject({ seat: seatId, epoch: z.int32().min(0), state: z.enum(['in', 'away']) })

const worker = z.strictObject({
  /** Of its core, over the last second: 0 to 1. */
  load: z.number().min(0).max(64),
  rooms: z.int32().min(0),
  peers: z.int32().min(0),
  full: z.boolean(),
})

/** Once a second. */
export const heartbeat = z.strictObject({
  node: nodeId,
  boot: bootId,
  release: z.string().max(64),
  /** Where the API reaches its signalling and its control port: host:port. */
  signalling: z.string().max(300),
  control: z.string().max(300),
  /** Where browsers reach its signalling; null: at the installation's own address, `/sfu/<node>`. */
  url: z.string().max(300).nullable(),
  workers: z.array(worker).max(256),
  /** The router's RTP capabilities: constant for a release, sent while the API asks for them. */
  capabilities: z.record(z.string(), z.unknown()).optional(),
  meetings: z
    .array(
      z.strictObject({
        meeting: meetingId,
        epoch: z.int32().min(0),
        /** The revision of the seats that the node has applied. */
        rev,
        seats: z.array(seatReport).max(1_000),
      }),
    )
    .max(5_000),
})

/** A seat as Postgres has it. A node closes whoever sits at an older epoch, has left or was removed, and obeys the capabilities. */
export const seatUpdate = z.strictObject({
  seat: seatId,
  epoch: z.int32().min(0),
  state: z.enum(['in', 'away', 'left', 'removed']),
  caps: z.array(z.enum(capabilities)),
})

export const meetingUpdate = z.strictObject({
  meeting: meetingId,
  /** The epoch of the meeting's place. A node that holds an older one lets go: the meeting lives elsewhere, or has ended. */
  epoch: z.int32().min(0),
  state: z.enum(['live', 'moved', 'ended']),
  rev,
  seats: z.array(seatUpdate),
})

export const heartbeatAnswer = z.strictObject({
  /** The API's clock, in milliseconds: tickets are judged by it. */
  now: z.number(),
  /** Public keys of tickets (Ed25519, the 32 bytes in base64url), by name: two while a key is changed. */
  keys: z.array(z.strictObject({ kid: z.string().max(64), x: z.string().max(64) })).max(2),
  wantCapabilities: z.boolean(),
  meetings: z.array(meetingUpdate),
})

export type Heartbeat = z.output<typeof heartbeat>
export type HeartbeatAnswer = z.output<typeof heartbeatAnswer>
export type SeatReport = z.output<typeof seatReport>
export type SeatUpdate = z.output<typeof seatUpdate>
export type MeetingUpdate = z.output<typeof meetingUpdate>

/**
 * Both ports speak HTTPS with a pre-shared key instead of certificates: each side proves that it has the node's key. The caller's
 * identity is the node's name at the API's port, and `api` at a node's.
 */
export const controlTls = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const
export const apiIdentity = 'api'
