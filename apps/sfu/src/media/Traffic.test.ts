import type { types } from 'mediasoup'
import { expect, test } from 'vitest'
import { Traffic } from './Traffic.ts'

const stat = (bytesReceived: number, rtpBytesReceived: number, rtxBytesReceived: number) =>
  ({ bytesReceived, rtpBytesReceived, rtxBytesReceived, bytesSent: 7 }) as types.WebRtcTransportStat

test('what is sent again belongs to a stream as well, and what belongs to none is told apart', () => {
  const traffic = new Traffic()
  expect(traffic.since(stat(1_000, 600, 300))).toEqual({ received: 1_000, sent: 7, streams: 900, strays: 100 })
  expect(traffic.since(stat(3_000, 600, 300))).toEqual({ received: 2_000, sent: 0, streams: 0, strays: 2_000 })
})

test('packets that have grown on the node are no strays, and no less than none', () => {
  expect(new Traffic().since(stat(1_000, 1_050, 0))).toMatchObject({ streams: 1_050, strays: 0 })
})
