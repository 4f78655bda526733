import type { types } from 'mediasoup-client'
import type { Source } from '@veche/shared/meetings'

/** FEC repairs lost packets; DTX sends nothing while the user is silent. */
const mic = {
  codecOptions: { opusStereo: false, opusFec: true, opusDtx: true, opusMaxAverageBitrate: 48_000 },
} satisfies types.ProducerOptions

/** The sound of a screen may be music: it is sent in stereo and without DTX. */
const screenSound = {
  codecOptions: { opusStereo: true, opusFec: true, opusDtx: false, opusMaxAverageBitrate: 128_000 },
} satisfies types.ProducerOptions

/** Three sizes. The node forwards to each receiver the one that fits its tile and its network. */
const cam = {
  encodings: [
    { scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
    { scaleResolutionDownBy: 2, maxBitrate: 500_000, scalabilityMode: 'L1T3' },
    { scaleResolutionDownBy: 1, maxBitrate: 1_700_000, scalabilityMode: 'L1T3' },
  ],
  codecOptions: { videoGoogleStartBitrate: 600 },
} satisfies types.ProducerOptions

/** Two layers, both in full size so that text is readable: two pictures a second for a slow network, and fifteen. */
const screen = {
  encodings: [
    { scaleResolutionDownBy: 1, maxBitrate: 250_000, maxFramerate: 2, scalabilityMode: 'L1T1' },
    { scaleResolutionDownBy: 1, maxBitrate: 2_500_000, maxFramerate: 15, scalabilityMode: 'L1T1' },
  ],
  codecOptions: { videoGoogleStartBitrate: 1_000 },
} satisfies types.ProducerOptions

export const producerOptions: Record<Source, types.ProducerOptions> = { mic, cam, screen, screenSound }
