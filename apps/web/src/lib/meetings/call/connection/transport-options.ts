import type { types } from 'mediasoup-client'
import type { TransportView } from '@veche/sfu/router'

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
