import type { types } from 'mediasoup-client'
import type { TransportView } from '@veche/sfu/router'

/** Opus that bears loss and is silent in silence. */
export const voice = {
  codecOptions: { opusStereo: false, opusFec: true, opusDtx: true, opusMaxAverageBitrate: 48_000 },
} satisfies types.ProducerOptions

/** The sound of what is shown: music is not a voice. */
export const screenSound = {
  codecOptions: { opusStereo: true, opusFec: true, opusDtx: false, opusMaxAverageBitrate: 128_000 },
} satisfies types.ProducerOptions

/** Three sizes, of which the node hands on the one that fits each screen and line. */
export const camera = {
  encodings: [
    { scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
    { scaleResolutionDownBy: 2, maxBitrate: 500_000, scalabilityMode: 'L1T3' },
    { scaleResolutionDownBy: 1, maxBitrate: 1_700_000, scalabilityMode: 'L1T3' },
  ],
  codecOptions: { videoGoogleStartBitrate: 600 },
} satisfies types.ProducerOptions

/** Both in full size, because text must be readable: stills for slow lines, and all of the movement. */
export const screen = {
  encodings: [
    { scaleResolutionDownBy: 1, maxBitrate: 250_000, maxFramerate: 2, scalabilityMode: 'L1T1' },
    { scaleResolutionDownBy: 1, maxBitrate: 2_500_000, maxFramerate: 15, scalabilityMode: 'L1T1' },
  ],
  codecOptions: { videoGoogleStartBitrate: 1_000 },
} satisfies types.ProducerOptions

export function transportOptions(
  view: TransportView,
  ice: { servers: RTCIceServer[]; relayOnly: boolean },
): types.TransportOptions {
  return {
    id: view.id,
    iceParameters: view.iceParameters,
    iceCandidates: view.iceCandidates.map((candidate) => ({ ...candidate, ip: candidate.address })),
    dtlsParameters: view.dtlsParameters,
    iceServers: ice.servers,
    iceTransportPolicy: ice.relayOnly ? 'relay' : 'all',
  } as types.TransportOptions
}
