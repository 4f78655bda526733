import type { types } from 'mediasoup'

/** Bytes on transports. Of the received bytes, `streams` belong to a stream (RTX included) and `unmatched` belong to none. */
export type TrafficBytes = { received: number; sent: number; streams: number; unmatched: number }

export const noTraffic: TrafficBytes = { received: 0, sent: 0, streams: 0, unmatched: 0 }

/** Counts what one transport has carried between two measurements. */
export class TransportTraffic {
  #before = noTraffic

  difference({
    bytesReceived,
    bytesSent,
    rtpBytesReceived,
    rtxBytesReceived,
  }: types.WebRtcTransportStat): TrafficBytes {
    const streams = rtpBytesReceived + rtxBytesReceived
    const now = { received: bytesReceived, sent: bytesSent, streams, unmatched: bytesReceived - streams }
    const traffic = subtract(now, this.#before)
    this.#before = now
    // Stream bytes are counted after the worker wrote into the packets, which may have made them longer.
    return { ...traffic, unmatched: Math.max(0, traffic.unmatched) }
  }
}

export function addTraffic(a: TrafficBytes, b: TrafficBytes): TrafficBytes {
  return {
    received: a.received + b.received,
    sent: a.sent + b.sent,
    streams: a.streams + b.streams,
    unmatched: a.unmatched + b.unmatched,
  }
}

function subtract(a: TrafficBytes, b: TrafficBytes): TrafficBytes {
  return {
    received: a.received - b.received,
    sent: a.sent - b.sent,
    streams: a.streams - b.streams,
    unmatched: a.unmatched - b.unmatched,
  }
}
