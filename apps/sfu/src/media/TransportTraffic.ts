import type { types } from 'mediasoup'

/** Bytes on transports. Of the received bytes, `streams` belong to a stream (RTX included) and `strays` belong to none. */
export type TrafficBytes = { received: number; sent: number; streams: number; strays: number }

export const noTraffic: TrafficBytes = { received: 0, sent: 0, streams: 0, strays: 0 }

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
    const now = { received: bytesReceived, sent: bytesSent, streams, strays: bytesReceived - streams }
    const traffic = subtract(now, this.#before)
    this.#before = now
    // Stream bytes are counted after the worker wrote into the packets, which may have made them longer.
    return { ...traffic, strays: Math.max(0, traffic.strays) }
  }
}

export function addTraffic(a: TrafficBytes, b: TrafficBytes): TrafficBytes {
  return {
    received: a.received + b.received,
    sent: a.sent + b.sent,
    streams: a.streams + b.streams,
    strays: a.strays + b.strays,
  }
}

function subtract(a: TrafficBytes, b: TrafficBytes): TrafficBytes {
  return {
    received: a.received - b.received,
    sent: a.sent - b.sent,
    streams: a.streams - b.streams,
    strays: a.strays - b.strays,
  }
}
