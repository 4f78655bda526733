import { ortc, type types } from 'mediasoup'

/**
 * The same on every node of a release, because the API gives the capabilities to browsers before they know their node. Sound has
 * FEC against loss, DTX for silence and NACK for retransmission; video has NACK and key frame requests.
 */
export const mediaCodecs: types.RouterRtpCodecCapability[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    parameters: { useinbandfec: 1, usedtx: 1 },
    rtcpFeedback: [{ type: 'nack' }, { type: 'transport-cc' }],
  },
  {
    kind: 'video',
    mimeType: 'video/VP8',
    clockRate: 90_000,
    rtcpFeedback: [
      { type: 'nack' },
      { type: 'nack', parameter: 'pli' },
      { type: 'ccm', parameter: 'fir' },
      { type: 'goog-remb' },
      { type: 'transport-cc' },
    ],
  },
]

export const routerCapabilities: types.RtpCapabilities = ortc.generateRouterRtpCapabilities(
  structuredClone(mediaCodecs),
)
