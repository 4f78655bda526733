import { randomInt } from 'node:crypto'
import type { types } from 'mediasoup'

const mid = 'urn:ietf:params:rtp-hdrext:sdes:mid'
const rid = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'
let nextMid = 0

/** The RTP parameters of a microphone, as a browser sends them. */
export function audioParameters(ssrc = randomInt(1, 2 ** 31)): types.RtpParameters {
  return {
    mid: `${nextMid++}`,
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: 111,
        clockRate: 48_000,
        channels: 2,
        parameters: { useinbandfec: 1, usedtx: 1 },
        rtcpFeedback: [{ type: 'nack' }],
      },
    ],
    headerExtensions: [
      { uri: mid, id: 4 },
      { uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: 1 },
    ],
    encodings: [{ ssrc, dtx: true }],
    rtcp: { cname: 'c', reducedSize: true },
  }
}

/** The RTP parameters of a camera or a screen with `layers` layers. */
export function videoParameters(layers: number): types.RtpParameters {
  return {
    mid: `${nextMid++}`,
    codecs: [
      {
        mimeType: 'video/VP8',
        payloadType: 96,
        clockRate: 90_000,
        rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'transport-cc' }],
      },
      { mimeType: 'video/rtx', payloadType: 97, clockRate: 90_000, parameters: { apt: 96 } },
    ],
    headerExtensions: [
      { uri: mid, id: 4 },
      { uri: rid, id: 10 },
    ],
    encodings: Array.from({ length: layers }, (_, index) => ({
      rid: `r${index}`,
      scalabilityMode: 'L1T3',
      maxBitrate: 1_000_000,
    })),
    rtcp: { cname: 'c', reducedSize: true },
  }
}

/** One RTP packet. */
export function packet(ssrc: number, sequence: number, payloadBytes = 100, payloadType = 111): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt8(0x80, 0)
  header.writeUInt8(payloadType, 1)
  header.writeUInt16BE(sequence & 0xffff, 2)
  header.writeUInt32BE((sequence * 960) >>> 0, 4)
  header.writeUInt32BE(ssrc, 8)
  return Buffer.concat([header, Buffer.alloc(payloadBytes, 7)])
}

export const fingerprint = { algorithm: 'sha-256' as const, value: Array.from({ length: 32 }, () => 'AB').join(':') }
export const dtlsParameters: types.DtlsParameters = { role: 'client', fingerprints: [fingerprint] }
