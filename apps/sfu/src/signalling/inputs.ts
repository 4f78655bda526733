import { callLimits, maxTiles } from '@veche/shared/meeting-limits'
import { reconnectReasons, reconnectSteps, sources } from '@veche/shared/meetings'
import { meetingUpdate } from '@veche/shared/nodes'
import { knownEntries, protocolVersion } from '@veche/shared/schemas/protocol'
import { meetingId, seatId } from '@veche/shared/schemas/fields'
import { z } from 'zod'
import { dtlsParametersInput, rtpCapabilitiesInput, rtpParametersInput } from './media-inputs.ts'

/** A browser may be of another release than the node: unknown keys are dropped, and unknown words are ignored where that is possible. */
const id = z.uuid()
const pixels = z.number().min(0).max(16_384)

const pictures = ['cam', 'screen'] as const
const tile = z.object({ seatId, source: z.enum(pictures), width: pixels, height: pixels })
const tiles = knownEntries(z.array(tile).max(maxTiles), 'source', pictures)

/**
 * The tiles on the screen. A browser that joins does not know the others yet: until it calls `room.setVisibleTiles`, the first
 * `first` cameras of the room count as visible too, as small tiles.
 */
const view = z.object({ tiles, first: z.int().min(0).max(maxTiles).default(9) })

/** Why and how a browser reconnects: only for the log and the metrics. */
const reconnect = z
  .object({ step: z.enum(reconnectSteps), reason: z.enum(reconnectReasons) })
  .optional()
  .catch(undefined)

export const joinInput = z.union([
  z.object({
    protocol: protocolVersion,
    ticket: z.string().max(4_000),
    rtpCapabilities: rtpCapabilitiesInput,
    view,
    reconnect,
  }),
  z.object({ protocol: protocolVersion, resume: z.string().max(100), reconnect }),
])
export const visibleTilesInput = z.object({ tiles })

export const connectInput = z.object({ transportId: id, dtlsParameters: dtlsParametersInput })
export const restartIceInput = z.object({ transportId: id, reconnect })
export const replaceInput = z.object({ direction: z.enum(['send', 'recv']), reconnect })

export const produceInput = z.object({
  source: z.enum(sources),
  transportId: id,
  rtpParameters: rtpParametersInput,
  paused: z.boolean().default(false),
})
export const idInput = z.object({ id })
export const idsInput = z.object({ ids: z.array(id).max(callLimits.subscriptions) })

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
