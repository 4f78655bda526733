import { once } from 'node:events'
import type { SeatId } from '@veche/shared/ids'
import type { types } from 'mediasoup'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mediaCodecs, routerCapabilities } from '../media/codecs.ts'
import { Subscription } from './Subscription.ts'
import { MediaWorker } from '../media/MediaWorker.ts'
import { Speakers } from '../media/Speakers.ts'
import { keyFrameRequestDelayMs } from './Publications.ts'
import { Publication } from './Publication.ts'
import { newDeps } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { packet, videoParameters, audioParameters } from '../test/rtp.ts'

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

/** A publication with one subscription, and real packets at both ends. */
async function newSubscription(ssrc: number) {
  const transport = await router.createDirectTransport()
  const producer = await transport.produce({ kind: 'audio', rtpParameters: audioParameters(ssrc) })
  const publication = new Publication({
    deps,
    producer,
    seatId: seat,
    source: 'mic',
    transportId: transport.id,
    paused: false,
  })
  const out = await router.createDirectTransport()
  const arrived: Buffer[] = []
  let wake: (() => void) | undefined
  out.observer.on('newconsumer', (consumer) =>
    consumer.on('rtp', (data) => {
      arrived.push(data)
      wake?.()
    }),
  )
  const subscription = await Subscription.open(out, {
    deps,
    publication,
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
  return { publication, subscription, producer, send, arrived, arrival }
}

test('a paused publication is not forwarded by a single byte until its owner resumes it', async () => {
  const { publication, subscription, send, arrived, arrival } = await newSubscription(1001)
  subscription.setReady()
  await subscription.settled
  send(10)
  await arrival(10)
  await publication.setPaused(true)
  send(500)
  await publication.setPaused(false)
  send(1, 33)
  await arrival(11)
  expect(arrived).toHaveLength(11)
  expect(arrived[10]?.length).toBeLessThan(arrived[9]!.length)
})

test('a subscription forwards nothing before the browser is ready for it and while it is hidden', async () => {
  const { subscription, send, arrived, arrival } = await newSubscription(1002)
  send(20)
  subscription.setReady()
  await subscription.settled
  send(5)
  await arrival(5)
  subscription.show(null)
  await subscription.settled
  send(50)
  subscription.show({ width: 0, height: 0 })
  await subscription.settled
  send(1)
  await arrival(6)
  expect(arrived).toHaveLength(6)
})

test('pausing and resuming in quick succession ends with the last call', async () => {
  const { publication, producer } = await newSubscription(1005)
  await Promise.all([
    publication.setPaused(true),
    publication.setPaused(false),
    publication.setPaused(true),
    publication.setPaused(false),
    publication.setPaused(true),
  ])
  expect([publication.paused, producer.paused]).toEqual([true, true])
})

test('a speaker is told once when the speech begins and once when it ends', async () => {
  const speakers = await Speakers.open(deps, router)
  const { producer } = await newSubscription(1006)
  speakers.add(producer, seat)
  const told: SeatId[][] = []
  const next = () => new Promise<void>((resolve) => speakers.once('changed', (now) => resolve(void told.push(now))))
  // The header extension that browsers write says 10 dB below the loudest.
  const loud = (sequence: number) => withLevel(packet(1006, sequence), 10)
  const begun = next()
  let sequence = 0
  const speech = setInterval(() => producer.send(loud((sequence += 1))), 20)
  await begun
  const ended = next()
  clearInterval(speech)
  await ended
  expect(told).toEqual([[seat], []])
})

test('the layer of a subscription follows the size of its tile, and it tells only when it is shown or hidden', async () => {
  const transport = await router.createDirectTransport()
  const producer = await transport.produce({ kind: 'video', rtpParameters: videoParameters(3) })
  const publication = new Publication({
    deps,
    producer,
    seatId: seat,
    source: 'cam',
    transportId: transport.id,
    paused: false,
  })
  const out = await router.createDirectTransport()
  const made = once(out.observer, 'newconsumer') as Promise<[types.Consumer]>
  const subscription = await Subscription.open(out, {
    deps,
    publication,
    rtpCapabilities: routerCapabilities,
    size: null,
  })
  const [consumer] = await made
  const hidden: boolean[] = []
  subscription.on('changed', () => hidden.push(subscription.hidden))
  for (const [height, layer] of [
    [180, 0],
    [360, 1],
    [1080, 2],
    [200, 0],
  ] as const) {
    subscription.show({ width: (height * 16) / 9, height })
    await subscription.settled
    expect(consumer.preferredLayers?.spatialLayer).toBe(layer)
  }
  expect(consumer.priority).toBeGreaterThan(1)
  expect(hidden).toEqual([false])
  const closed = once(subscription, 'closed')
  publication.close()
  await closed
})

test('a subscription is starved while nothing of what its owner sends is forwarded, and lacks bandwidth when a smaller layer than its owner sends is', async () => {
  const transport = await router.createDirectTransport()
  const ssrcs = [2001, 2002, 2003]
  const rtpParameters = { ...videoParameters(3), encodings: ssrcs.map((ssrc) => ({ ssrc, scalabilityMode: 'L1T3' })) }
  const producer = await transport.produce({ kind: 'video', rtpParameters })
  const publication = new Publication({
    deps,
    producer,
    seatId: seat,
    source: 'cam',
    transportId: transport.id,
    paused: false,
  })
  const out = await router.createDirectTransport()
  const made = once(out.observer, 'newconsumer') as Promise<[types.Consumer]>
  const size = { width: 1920, height: 1080 }
  const subscription = await Subscription.open(out, { deps, publication, rtpCapabilities: routerCapabilities, size })
  const [consumer] = await made
  subscription.setReady()
  await subscription.settled
  // Without a key frame no layer can be forwarded, as when the receiver has bandwidth for none.
  expect(subscription.isStarved).toBe(undefined)
  producer.send(packet(ssrcs[0]!, 1, 100, 96))
  await expect.poll(() => [subscription.isStarved, subscription.lacksBandwidth]).toEqual([true, false])
  let sequence = 1
  await expect
    .poll(() => (producer.send(keyFrame(ssrcs[0]!, (sequence += 1))), consumer.currentLayers?.spatialLayer))
    .toBe(0)
  expect(subscription.isStarved).toBe(false)
  expect([consumer.preferredLayers?.spatialLayer, publication.largestLayer, subscription.lacksBandwidth]).toEqual([
    2,
    0,
    false,
  ])
  // The next layer begins without a key frame, so it cannot be forwarded yet.
  producer.send(packet(ssrcs[1]!, 1, 100, 96))
  await expect.poll(() => publication.largestLayer).toBe(1)
  expect([consumer.currentLayers?.spatialLayer, subscription.lacksBandwidth]).toEqual([0, true])
})

test('a sender is asked for one key frame a second for all who need one, and who asks late still gets one', async () => {
  const transport = await router.createDirectTransport()
  const requests: number[] = []
  // A picture loss indication (RFC 4585).
  transport.on('rtcp', (data) => data[1] === 206 && (data[0]! & 31) === 1 && requests.push(performance.now()))
  const rtpParameters = { ...videoParameters(1), encodings: [{ ssrc: 3001 }] }
  const producer = await transport.produce({
    kind: 'video',
    rtpParameters,
    keyFrameRequestDelay: keyFrameRequestDelayMs,
  })
  producer.send(keyFrame(3001, 1))
  const options = { deps, seatId: seat, source: 'screen' as const, transportId: transport.id, paused: false }
  const publication = new Publication({ ...options, producer })
  const out = await router.createDirectTransport()
  const size = { width: 640, height: 360 }
  const open = () => Subscription.open(out, { deps, publication, rtpCapabilities: routerCapabilities, size })
  const all = await Promise.all(Array.from({ length: 10 }, open))
  for (const subscription of all) subscription.setReady()
  await Promise.all(all.map(({ settled }) => settled))
  for (let count = 0; count < 5; count += 1) await Promise.all(all.map((one) => one.requestKeyFrame()))
  await expect.poll(() => requests.length).toBe(1)
  // The picture comes, and the sender owes nothing more to those who asked before it was asked.
  producer.send(keyFrame(3001, 2))
  await expect.poll(() => requests.length).toBe(2)
  expect(requests[1]! - requests[0]!).toBeGreaterThan(900)
})

/** One packet with a whole VP8 key frame. */
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
