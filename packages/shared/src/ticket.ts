import { z } from 'zod'
import { capabilities } from './permissions.ts'
import { bootId, meetingId, nodeId, seatId, userId } from './schemas/fields.ts'

/**
 * What the API lets a seat do at one media node, signed with Ed25519: for a minute, once. A node accepts it for itself and its own
 * life only, and never for an older epoch than it has seen of this meeting (its place) or this seat (its identity).
 */
export const ticketClaims = z.strictObject({
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
  caps: z.array(z.enum(capabilities)).max(capabilities.length),
})

export type TicketClaims = z.output<typeof ticketClaims>

export const ticketAlgorithm = 'EdDSA'
export const ticketType = 'veche-ticket'
