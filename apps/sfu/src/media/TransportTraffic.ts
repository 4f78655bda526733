import type { types } from 'mediasoup'

/**
 * Bytes on transports. Of the received bytes, `streams` belong to a stream (RTX included) and `unmatched` belong to none. Of the sent
 * bytes, `answers` belong to no stream: they answer ICE checks, which are not counted as received.
 */
export type TrafficBytes = { received: number; sent: number; streams: number; unmatched: number; answers: number }

export const noTraffic: TrafficBytes = { received: 0, sent: 0, streams: 0, unmatched: 0, answers: 0 }

/** Counts what one transport has carried between two measurements. */
export class TransportTraffic {
  #before = noTraffic

  difference({
    bytesReceived,
    bytesSent,
    rtpBytesReceived,
    rtxBytesReceived,
    rtpBytesSent,
    rtxBytesSent,
    probationBytesSent,
  }: types.WebRtcTransportStat): TrafficBytes {
    const streams = rtpBytesReceived + rtxBytesReceived
    const answers = bytesSent - rtpBytesSent - rtxBytesSent - probationBytesSent
    const now = { received: bytesReceived, sent: bytesSent, streams, unmatched: bytesReceived - streams, answers }
    const traffic = subtract(now, this.#before)
    this.#before = now
    // Stream bytes are counted after the worker wrote into the packets, which may have made them longer.
    return { ...traffic, unmatched: Math.max(0, traffic.unmatched), answers: Math.max(0, traffic.answers) }
  }
}

export function addTraffic(a: TrafficBytes, b: TrafficBytes): TrafficBytes {
  return {
    received: a.received + b.received,
    sent: a.sent + b.sent,
    streams: a.streams + b.streams,
    unmatched: a.unmatched + b.unmatched,
    answers: a.answers + b.answers,
  }
}

function subtract(a: TrafficBytes, b: TrafficBytes): TrafficBytes {
  return {
    received: a.received - b.received,
    sent: a.sent - b.sent,
    streams: a.streams - b.streams,
    unmatched: a.unmatched - b.unmatched,
    answers: a.answers - b.answers,
  }
}
