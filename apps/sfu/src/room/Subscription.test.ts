import { once } from 'node:events'
import type { SeatId } from '@veche/shared/ids'
import type { types } from 'mediasoup'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mediaCodecs, routerCapabilities } from '../media/codecs.ts'
import { Feed } from './Subscription.ts'
import type { RoomFrame } from '../signalling/frames.ts'
import { MediaWorker } from '../media/MediaWorker.ts'
import { Own } from './Publication.ts'
import { Speakers } from './Speakers.ts'
import { newDeps } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { packet, picture, sound } from '../test/rtp.ts'

const clock = new ManualClock()
const deps = newDeps({}, clock)
const seat = '019aa000-0000-7000-8000-000000000001' as SeatId
let worker: MediaWorker
let router: types.Router
beforeAll(async () => {
  worker = await MediaWorker.start(deps, 0)
  router = (await worker.createRouter(mediaCodecs)).router
})
afterAll(() => worker.close())

/** A stream on its way through the node, with real packets at both ends. */
async function newStream(ssrc: number) {
  const transport = await router.createDirectTransport()
  const producer = await transport.produce({ kind: 'audio', rtpParameters: sound(ssrc) })
  const own = new Own({ deps, producer, source: 'mic', transportId: transport.id, paused: false })
  const out = await router.createDirectTransport()
  const arrived: Buffer[] = []
  let wake: (() => void) | undefined
  out.observer.on('newconsumer', (consumer) =>
    consumer.on('rtp', (data) => {
      arrived.push(data)
      wake?.()
    }),
  )
  const feed = await Feed.open(out, {
    deps,
    own,
    seatId: seat,
    rtpCapabilities: routerCapabilities,
    size: { width: 0, height: 0 },
  })
  let sequence = 0
  const send = (count: number, payload?: number) => {
    for (let index = 0; index < count; index += 1) producer.send(packet(ssrc, (sequence += 1), payload))
  }
  const arrival = async (count: number) => {
    while (arrived.length < count) await new Promise<void>((resolve) => (wake = resolve))
  }
  return { own, feed, producer, send, arrived, arrival }
}

test('what is paused on the node is not forwarded: not a byte, until its owner goes on', async () => {
  const { own, feed, send, arrived, arrival } = await newStream(1001)
  feed.ready()
  await feed.settled
  send(10)
  await arrival(10)
  await own.setPaused(true)
  send(500)
  await own.setPaused(false)
  send(1, 33)
  await arrival(11)
  expect(arrived).toHaveLength(11)
  expect(arrived[10]?.length).toBeLessThan(arrived[9]!.length)
})

test('nothing is forwarded before the browser is ready for it, nor while it is hidden', async () => {
  const { feed, send, arrived, arrival } = await newStream(1002)
  send(20)
  feed.ready()
  await feed.settled
  send(5)
  await arrival(5)
  feed.show(null)
  await feed.settled
  send(50)
  feed.show({ width: 0, height: 0 })
  await feed.settled
  send(1)
  await arrival(6)
  expect(arrived).toHaveLength(6)
})

test('pausing and going on in quick order ends with what was asked last', async () => {
  const { own, producer } = await newStream(1005)
  await Promise.all([
    own.setPaused(true),
    own.setPaused(false),
    own.setPaused(true),
    own.setPaused(false),
    own.setPaused(true),
  ])
  expect([own.paused, producer.paused]).toEqual([true, true])
})

test('who speaks is told once when it begins and once when it ends', async () => {
  const speakers = await Speakers.listen(deps, router)
  const { producer } = await newStream(1006)
  speakers.add(producer, seat)
  const told: SeatId[][] = []
  const next = () => new Promise<void>((resolve) => (speakers.onChange = (now) => resolve(void told.push(now))))
  // Loud in the header extension that browsers write: 10 dB below the loudest.
  const loud = (sequence: number) => withLevel(packet(1006, sequence), 10)
  const begun = next()
  let sequence = 0
  const talk = setInterval(() => producer.send(loud((sequence += 1))), 20)
  await begun
  const ended = next()
  clearInterval(talk)
  await ended
  expect(told).toEqual([[seat], []])
})

test('layers follow the size of the tile, and the stream says so once it changes', async () => {
  const transport = await router.createDirectTransport()
  const producer = await transport.produce({ kind: 'video', rtpParameters: picture(3) })
  const own = new Own({ deps, producer, source: 'cam', transportId: transport.id, paused: false })
  const out = await router.createDirectTransport()
  const made = once(out.observer, 'newconsumer') as Promise<[types.Consumer]>
  const feed = await Feed.open(out, { deps, own, seatId: seat, rtpCapabilities: routerCapabilities, size: null })
  const [consumer] = await made
  const frames: RoomFrame[] = []
  feed.onFrame = (frame) => frames.push(frame)
  for (const [height, layer] of [
    [180, 0],
    [360, 1],
    [1080, 2],
    [200, 0],
  ] as const) {
    feed.show({ width: (height * 16) / 9, height })
    await feed.settled
    expect(consumer.preferredLayers?.spatialLayer).toBe(layer)
  }
  expect(consumer.priority).toBeGreaterThan(1)
  expect(frames).toMatchObject([{ type: 'subscription', hidden: false }])
  own.close()
  await expect.poll(() => frames.at(-1)).toMatchObject({ type: 'subscriptionClosed', id: feed.id })
})

test('a smaller layer than the tile asks for is a lack of room only when its owner sends the larger one', async () => {
  const transport = await router.createDirectTransport()
  const ssrcs = [2001, 2002, 2003]
  const rtpParameters = { ...picture(3), encodings: ssrcs.map((ssrc) => ({ ssrc, scalabilityMode: 'L1T3' })) }
  const producer = await transport.produce({ kind: 'video', rtpParameters })
  const own = new Own({ deps, producer, source: 'cam', transportId: transport.id, paused: false })
  const out = await router.createDirectTransport()
  const made = once(out.observer, 'newconsumer') as Promise<[types.Consumer]>
  const size = { width: 1920, height: 1080 }
  const feed = await Feed.open(out, { deps, own, seatId: seat, rtpCapabilities: routerCapabilities, size })
  const [consumer] = await made
  feed.ready()
  await feed.settled
  let sequence = 0
  await expect
    .poll(() => (producer.send(keyFrame(ssrcs[0]!, (sequence += 1))), consumer.currentLayers?.spatialLayer))
    .toBe(0)
  expect([consumer.preferredLayers?.spatialLayer, own.largest, feed.squeezed]).toEqual([2, 0, false])
  // The next one begins in the middle of a picture, so that nobody can be given it yet.
  producer.send(packet(ssrcs[1]!, 1, 100, 96))
  await expect.poll(() => own.largest).toBe(1)
  expect([consumer.currentLayers?.spatialLayer, feed.squeezed]).toEqual([0, true])
})

/** One packet that is a whole picture of VP8. */
function keyFrame(ssrc: number, sequence: number): Buffer {
  const whole = Buffer.from([0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 0x00])
  return Buffer.concat([packet(ssrc, sequence, 0, 96), whole])
}

function withLevel(plain: Buffer, level: number): Buffer {
  const extension = Buffer.from([0xbe, 0xde, 0, 1, 0x10, level, 0, 0])
  const head = Buffer.from(plain.subarray(0, 12))
  head[0] = 0x90
  return Buffer.concat([head, extension, plain.subarray(12)])
}
