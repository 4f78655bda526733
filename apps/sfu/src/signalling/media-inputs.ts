import type { types } from 'mediasoup'
import { z } from 'zod'
import { mediaCodecs } from '../media/codecs.ts'

/**
 * What browsers say about their media, checked to the last field before the media library sees it. Two reasons: the library builds
 * all requests of a worker in one buffer, and a value of a wrong kind that throws in the middle would spoil it for every room there;
 * and parts of it (codec parameters, names) are handed on to the other browsers, which put them into their session descriptions.
 */

const word = z.string().regex(/^[\w .:/{}+=-]{0,128}$/)
const byte = z.int().min(0).max(255)
const word32 = z.int().min(0).max(0xffff_ffff)
const payloadType = z.int().min(0).max(127)

const parameterName = z.string().regex(/^[\w-]{1,40}$/)
const parameterValue = z.union([
  z.int().min(-0x8000_0000).max(0x7fff_ffff),
  z.boolean(),
  z.string().regex(/^[\w .,:/+=-]{0,100}$/),
])
const parameters = z.record(parameterName, parameterValue).refine((all) => Object.keys(all).length <= 30)

const mimeType = z.string().regex(/^(audio|video)\/[\w.+-]{1,40}$/i)
const kind = z.enum(['audio', 'video'])
const clockRate = z.int().min(1).max(1_000_000)
const channels = z.int().min(1).max(8).optional()
const feedback = z
  .array(
    z.object({
      type: z.string().regex(/^[\w-]{1,30}$/),
      parameter: z
        .string()
        .regex(/^[\w-]{0,30}$/)
        .optional(),
    }),
  )
  .max(20)
  .optional()

const extensions = [
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
  'urn:3gpp:video-orientation',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
  'urn:ietf:params:rtp-hdrext:toffset',
  'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  'urn:mediasoup:params:rtp-hdrext:packet-id',
] as const satisfies types.RtpHeaderExtensionUri[]

const encoding = z.object({
  ssrc: word32.optional(),
  rid: z
    .string()
    .regex(/^[A-Za-z0-9]{1,16}$/)
    .optional(),
  codecPayloadType: payloadType.optional(),
  rtx: z.object({ ssrc: word32 }).optional(),
  dtx: z.boolean().optional(),
  scalabilityMode: z
    .string()
    .regex(/^[LS][1-3]T[1-3](_KEY)?$/)
    .optional(),
  maxBitrate: z.int().min(0).max(100_000_000).optional(),
})

export const rtpParameters = plain<types.RtpParameters>(
  z.object({
    mid: z
      .string()
      .regex(/^[\w-]{1,16}$/)
      .optional(),
    codecs: z
      .array(
        z.object({
          mimeType,
          payloadType,
          clockRate,
          channels,
          parameters: parameters.optional(),
          rtcpFeedback: feedback,
        }),
      )
      .min(1)
      .max(8),
    headerExtensions: z
      .array(
        z.object({
          uri: z.enum(extensions),
          id: z.int().min(1).max(14),
          encrypt: z.boolean().optional(),
          parameters: parameters.optional(),
        }),
      )
      .max(16)
      .optional(),
    encodings: z.array(encoding).min(1).max(3).refine(areDistinct),
    rtcp: z.object({ cname: word.optional(), reducedSize: z.boolean().optional() }).optional(),
    msid: word.optional(),
  }),
)

/** Each layer has a name or number of its own, and so has what is sent again. */
function areDistinct(all: z.output<typeof encoding>[]): boolean {
  const names = all.flatMap(({ rid }) => rid ?? [])
  const numbers = all.flatMap(({ ssrc, rtx }) => [ssrc ?? [], rtx?.ssrc ?? []]).flat()
  const named = all.length === 1 || all.every(({ rid, ssrc }) => rid !== undefined || ssrc !== undefined)
  return named && new Set(names).size === names.length && new Set(numbers).size === numbers.length
}

type Codec = { mimeType: string; preferredPayloadType: number; parameters?: types.RtpCodecParameters['parameters'] }

/** A browser knows forty codecs, and all that it said is gone through for each stream that it receives: what no room speaks is dropped. */
function spoken<T extends Codec>(codecs: T[]): T[] {
  const main = codecs.filter(({ mimeType }) => mediaCodecs.some((one) => isSame(one.mimeType, mimeType)))
  const numbers = main.map(({ preferredPayloadType }) => preferredPayloadType)
  const repairs = codecs.filter(
    ({ mimeType, parameters }) => isSame(mimeType, 'video/rtx') && numbers.includes(Number(parameters?.['apt'])),
  )
  return [...main, ...repairs]
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Extensions that the node does not know are of no use to it: dropped, not refused. */
const capabilityExtension = z.object({
  kind,
  uri: z.string().max(200),
  preferredId: byte.min(1),
  preferredEncrypt: z.boolean().optional(),
  direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
})

export const rtpCapabilities = plain<types.RtpCapabilities>(
  z.object({
    codecs: z
      .array(
        z.object({
          kind,
          mimeType,
          preferredPayloadType: payloadType,
          clockRate,
          channels,
          parameters: parameters.optional(),
          rtcpFeedback: feedback,
        }),
      )
      .max(100)
      .transform(spoken),
    headerExtensions: z
      .array(capabilityExtension)
      .max(100)
      .transform((all) => all.filter(({ uri }) => extensions.some((known) => known === uri)))
      .optional(),
  }),
)

const hash = z.enum(['sha-256', 'sha-384', 'sha-512'])

/** The browser begins the handshake, so that the node chooses the cipher: AES-GCM, at half the price of the other. */
export const dtlsParameters = plain<types.DtlsParameters>(
  z.object({
    role: z.literal('client'),
    fingerprints: z
      .array(z.object({ algorithm: hash, value: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){31,63}$/i) }))
      .min(1)
      .max(5),
  }),
)

/** Fields that are not there are absent, not undefined: what JSON carries is exact in that, and zod's types are not. */
function plain<T>(schema: z.ZodType<unknown>): z.ZodType<T, unknown> {
  return schema as z.ZodType<T, unknown>
}
