import type { types } from 'mediasoup'
import { expect, test } from 'vitest'
import { TransportTraffic } from './TransportTraffic.ts'

const stat = (bytesReceived: number, rtpBytesReceived: number, rtxBytesReceived: number) =>
  ({
    bytesReceived,
    rtpBytesReceived,
    rtxBytesReceived,
    bytesSent: 7,
    rtpBytesSent: 2,
    rtxBytesSent: 1,
    probationBytesSent: 1,
  }) as types.WebRtcTransportStat

test('RTX bytes count as bytes of a stream, all other received bytes as unmatched, and all other sent bytes as answers', () => {
  const traffic = new TransportTraffic()
  expect(traffic.difference(stat(1_000, 600, 300))).toEqual({
    received: 1_000,
    sent: 7,
    streams: 900,
    unmatched: 100,
    answers: 3,
  })
  expect(traffic.difference(stat(3_000, 600, 300))).toEqual({
    received: 2_000,
    sent: 0,
    streams: 0,
    unmatched: 2_000,
    answers: 0,
  })
})

test('packets that the worker made longer do not make the number of unmatched bytes negative', () => {
  expect(new TransportTraffic().difference(stat(1_000, 1_050, 0))).toMatchObject({ streams: 1_050, unmatched: 0 })
})
