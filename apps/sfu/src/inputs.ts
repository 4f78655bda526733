import { limits } from '@veche/shared/limits'
import { reconnectReasons, reconnectSteps, sources } from '@veche/shared/meetings'
import { meetingUpdate } from '@veche/shared/nodes'
import { seatId } from '@veche/shared/schemas/fields'
import { z } from 'zod'
import { dtlsParameters, rtpCapabilities, rtpParameters } from './media-inputs.ts'

const id = z.uuid()
const pixels = z.number().min(0).max(16_384)

const tile = z.strictObject({ seatId, source: z.enum(['cam', 'screen']), width: pixels, height: pixels })
const tiles = z.array(tile).max(limits.call.tiles)

/**
 * What is on the screen. `first`: until `room.setVisibleTiles` is called, so many cameras count as seen, small, besides those that are named:
 * whoever has just come does not know the others yet.
 */
const view = z.strictObject({ tiles, first: z.int().min(0).max(limits.call.tiles).default(9) })

/** Present when this is an attempt to reconnect. */
const reconnect = z.strictObject({ step: z.enum(reconnectSteps), reason: z.enum(reconnectReasons) }).optional()

export const join = z.union([
  z.strictObject({ ticket: z.string().max(4_000), rtpCapabilities, view, reconnect }),
  z.strictObject({ resume: z.string().max(100), reconnect }),
])
export const setView = z.strictObject({ tiles })

export const connect = z.strictObject({ transportId: id, dtlsParameters })
export const oneTransport = z.strictObject({ transportId: id, reconnect })
export const renew = z.strictObject({ direction: z.enum(['send', 'recv']), reconnect })

export const produce = z.strictObject({
  source: z.enum(sources),
  transportId: id,
  rtpParameters,
  paused: z.boolean().default(false),
})
export const one = z.strictObject({ id })
export const some = z.strictObject({ ids: z.array(id).max(limits.call.subscriptions) })

export const orders = meetingUpdate

export type Join = z.output<typeof join>
export type NewJoin = Extract<Join, { ticket: string }>
export type Tile = z.output<typeof tile>
export type View = z.output<typeof view>
export type Connect = z.output<typeof connect>
export type Produce = z.output<typeof produce>
export type Direction = z.output<typeof renew>['direction']
