import { z } from 'zod'
import { capabilities } from './permissions.ts'
import { knownWords, protocolVersion } from './schemas/protocol.ts'
import { bootId, meetingId, nodeId, seatId, userId } from './schemas/fields.ts'

/**
 * Lets one seat join one media node, once, within a minute. It is signed with Ed25519. A node accepts tickets for itself and its own
 * boot only, and never for an older epoch of the meeting or of the seat than it has seen.
 */
export const ticketClaims = z.object({
  protocol: protocolVersion,
  iss: z.literal('veche'),
  aud: nodeId,
  boot: bootId,
  jti: z.uuid(),
  iat: z.int(),
  exp: z.int(),
  meeting: meetingId,
  meetingEpoch: z.int().min(1),
  seat: seatId,
  seatEpoch: z.int().min(1),
  user: userId,
  name: z.string().max(512),
  capabilities: knownWords(capabilities),
})

export type TicketClaims = z.output<typeof ticketClaims>

export const ticketAlgorithm = 'EdDSA'
export const ticketType = 'veche-ticket'
