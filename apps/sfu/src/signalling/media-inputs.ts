import type { types } from 'mediasoup'
import { z } from 'zod'
import { mediaCodecs } from '../media/codecs.ts'

/**
 * Checks every field of the media parameters before mediasoup sees them, for two reasons. The library builds all requests of a worker
 * in one buffer, and a value of a wrong type that throws halfway would break that worker for every room. And parts of the parameters
 * (codec parameters, names) go to the other browsers, which put them into their session descriptions.
 */

const plainText = z.string().regex(/^[\w .:/{}+=-]{0,128}$/)
const byte = z.int().min(0).max(255)
const uint32 = z.int().min(0).max(0xffff_ffff)
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
  ssrc: uint32.optional(),
  rid: z
    .string()
    .regex(/^[A-Za-z0-9]{1,16}$/)
    .optional(),
  codecPayloadType: payloadType.optional(),
  rtx: z.object({ ssrc: uint32 }).optional(),
  dtx: z.boolean().optional(),
  scalabilityMode: z
    .string()
    .regex(/^[LS][1-3]T[1-3](_KEY)?$/)
    .optional(),
  maxBitrate: z.int().min(0).max(100_000_000).optional(),
})

export const rtpParametersInput = exactOptional<types.RtpParameters>(
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
    rtcp: z.object({ cname: plainText.optional(), reducedSize: z.boolean().optional() }).optional(),
    msid: plainText.optional(),
  }),
)

/** Each layer has its own rid or SSRC, and each RTX stream its own SSRC. */
function areDistinct(all: z.output<typeof encoding>[]): boolean {
  const rids = all.flatMap(({ rid }) => rid ?? [])
  const ssrcs = all.flatMap(({ ssrc, rtx }) => [ssrc ?? [], rtx?.ssrc ?? []]).flat()
  const named = all.length === 1 || all.every(({ rid, ssrc }) => rid !== undefined || ssrc !== undefined)
  return named && new Set(rids).size === rids.length && new Set(ssrcs).size === ssrcs.length
}

type Codec = { mimeType: string; preferredPayloadType: number; parameters?: types.RtpCodecParameters['parameters'] }

/** A browser lists forty codecs, and mediasoup walks the list for each subscription. Codecs that no room uses are dropped. */
function usedCodecs<T extends Codec>(codecs: T[]): T[] {
  const main = codecs.filter(({ mimeType }) => mediaCodecs.some((one) => isSame(one.mimeType, mimeType)))
  const payloadTypes = main.map(({ preferredPayloadType }) => preferredPayloadType)
  const repairs = codecs.filter(
    ({ mimeType, parameters }) => isSame(mimeType, 'video/rtx') && payloadTypes.includes(Number(parameters?.['apt'])),
  )
  return [...main, ...repairs]
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Extensions that the node does not know are dropped; they are no reason to refuse the browser. */
const capabilityExtension = z.object({
  kind,
  uri: z.string().max(200),
  preferredId: byte.min(1),
  preferredEncrypt: z.boolean().optional(),
  direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
})

export const rtpCapabilitiesInput = exactOptional<types.RtpCapabilities>(
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
      .transform(usedCodecs),
    headerExtensions: z
      .array(capabilityExtension)
      .max(100)
      .transform((all) => all.filter(({ uri }) => extensions.some((known) => known === uri)))
      .optional(),
  }),
)

const hash = z.enum(['sha-256', 'sha-384', 'sha-512'])

/** The browser is the DTLS client, so the node chooses the cipher: AES-GCM, which costs half of the other one. */
export const dtlsParametersInput = exactOptional<types.DtlsParameters>(
  z.object({
    role: z.literal('client'),
    fingerprints: z
      .array(z.object({ algorithm: hash, value: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){31,63}$/i) }))
      .min(1)
      .max(5),
  }),
)

/** JSON has absent fields and no undefined ones, but zod's types allow undefined. The cast removes that difference. */
function exactOptional<T>(schema: z.ZodType<unknown>): z.ZodType<T, unknown> {
  return schema as z.ZodType<T, unknown>
}
