import { limits } from '@veche/shared/limits'
import { reconnectReasons, reconnectSteps, sources } from '@veche/shared/meetings'
import { meetingUpdate } from '@veche/shared/nodes'
import { meetingId, seatId } from '@veche/shared/schemas/fields'
import { z } from 'zod'
import { dtlsParametersInput, rtpCapabilitiesInput, rtpParametersInput } from './media-inputs.ts'

const id = z.uuid()
const pixels = z.number().min(0).max(16_384)

const tile = z.strictObject({ seatId, source: z.enum(['cam', 'screen']), width: pixels, height: pixels })
const tiles = z.array(tile).max(limits.call.tiles)

/**
 * The tiles on the screen. A browser that joins does not know the others yet: until it calls `room.setVisibleTiles`, the first
 * `first` cameras of the room count as visible too, as small tiles.
 */
const view = z.strictObject({ tiles, first: z.int().min(0).max(limits.call.tiles).default(9) })

/** Why and how a browser reconnects: only for the log and the metrics. */
const reconnect = z.strictObject({ step: z.enum(reconnectSteps), reason: z.enum(reconnectReasons) }).optional()

export const joinInput = z.union([
  z.strictObject({ ticket: z.string().max(4_000), rtpCapabilities: rtpCapabilitiesInput, view, reconnect }),
  z.strictObject({ resume: z.string().max(100), reconnect }),
])
export const visibleTilesInput = z.strictObject({ tiles })

export const connectInput = z.strictObject({ transportId: id, dtlsParameters: dtlsParametersInput })
export const restartIceInput = z.strictObject({ transportId: id, reconnect })
export const replaceInput = z.strictObject({ direction: z.enum(['send', 'recv']), reconnect })

export const produceInput = z.strictObject({
  source: z.enum(sources),
  transportId: id,
  rtpParameters: rtpParametersInput,
  paused: z.boolean().default(false),
})
export const idInput = z.strictObject({ id })
export const idsInput = z.strictObject({ ids: z.array(id).max(limits.call.subscriptions) })

export const updateInput = meetingUpdate
export const acceptsInput = z.object({ meeting: meetingId })

export type Join = z.output<typeof joinInput>
export type TicketJoin = Extract<Join, { ticket: string }>
export type Tile = z.output<typeof tile>
export type View = z.output<typeof view>
export type Connect = z.output<typeof connectInput>
export type RestartIce = z.output<typeof restartIceInput>
export type Replace = z.output<typeof replaceInput>
export type Produce = z.output<typeof produceInput>
export type Direction = Replace['direction']
export type Reconnect = NonNullable<Join['reconnect']>
