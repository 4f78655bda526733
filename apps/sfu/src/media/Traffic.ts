import type { types } from 'mediasoup'

/** What came and went on transports. `streams`: of what came, what belongs to a stream; `strays`: what belongs to none. */
export type Figures = { received: number; sent: number; streams: number; strays: number }

export const nothing: Figures = { received: 0, sent: 0, streams: 0, strays: 0 }

/** Counts what one transport has carried from one look to the next. */
export class Traffic {
  #before = nothing

  since({ bytesReceived, bytesSent, rtpBytesReceived, rtxBytesReceived }: types.WebRtcTransportStat): Figures {
    const streams = rtpBytesReceived + rtxBytesReceived
    const now = { received: bytesReceived, sent: bytesSent, streams, strays: bytesReceived - streams }
    const came = minus(now, this.#before)
    this.#before = now
    // What belongs to a stream is counted after the worker wrote into it, and may have grown.
    return { ...came, strays: Math.max(0, came.strays) }
  }
}

export function plus(a: Figures, b: Figures): Figures {
  return {
    received: a.received + b.received,
    sent: a.sent + b.sent,
    streams: a.streams + b.streams,
    strays: a.strays + b.strays,
  }
}

function minus(a: Figures, b: Figures): Figures {
  return {
    received: a.received - b.received,
    sent: a.sent - b.sent,
    streams: a.streams - b.streams,
    strays: a.strays - b.strays,
  }
}
