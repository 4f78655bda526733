import { randomUUID } from 'node:crypto'
import type { MeetingId } from '@veche/shared/ids'
import { callLimits } from '@veche/shared/meeting-limits'
import type { types } from 'mediasoup'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { mediaCodecs } from '../media/codecs.ts'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { packet, audioParameters } from '../test/rtp.ts'
import { refusal } from '../test/TestClient.ts'

// The clock stands still, so only the test measures.
let testNode: TestNode
let router: types.Router
beforeAll(async () => {
  testNode = await newTestNode({ clock: new ManualClock() })
  router = (await testNode.node.workers[0]!.createRouter(mediaCodecs)).router
})
afterAll(() => testNode.close())

const allowedBytes = callLimits.bitrate.mic / 8
let ssrc = 5_000

/** A client whose packets come from the test, without a browser. */
async function newSender() {
  const meeting = randomUUID() as MeetingId
  const client = testNode.newClient()
  const { seatId, send } = await client.join(await testNode.newTicket({ meeting }))
  const peer = testNode.node.rooms.find(({ meetingId }) => meetingId === meeting)!.peer(seatId)!
  const direct = await router.createDirectTransport()
  vi.spyOn(peer.transports, 'requireSendTransport').mockReturnValue(direct)
  const publish = async () => {
    const made = new Promise<types.Producer>((resolve) => direct.observer.once('newproducer', resolve))
    const number = (ssrc += 1)
    const answer = client.call.media.produce.mutate({
      source: 'mic',
      transportId: send.id,
      rtpParameters: audioParameters(number),
    })
    const [{ id }, producer] = await Promise.all([answer, made])
    let sequence = 0
    /** Sends this many times the bytes that one second allows. */
    const flood = async (times: number) => {
      const count = Math.ceil((allowedBytes * times) / 1_000)
      for (let index = 0; index < count; index += 1) producer.send(packet(number, (sequence += 1), 988))
      // An answer on the same channel proves that the packets have arrived.
      await producer.dump()
      return count * 1_000
    }
    return { id, flood, second: async (times: number) => peer.publications.enforceBitrate(await flood(times), 1) }
  }
  const stopped = () => client.frames.flatMap((frame) => (frame.type === 'publicationStopped' ? frame.closed : []))
  const stoppedFrames = async () => {
    await client.call.room.setVisibleTiles.mutate({ tiles: [] })
    return stopped()
  }
  return { client, peer, publish, stoppedFrames }
}

test('a publication above its bitrate limit is paused on the node, and closed when it stays above it', async () => {
  const { peer, publish, stoppedFrames, client } = await newSender()
  const { id, second } = await publish()
  for (const times of [2, 2]) await second(times)
  expect(await stoppedFrames()).toEqual([])
  await second(2)
  expect(await stoppedFrames()).toEqual([false])
  expect(peer.publications.views()).toMatchObject([{ id, paused: true }])
  for (const times of [2, 2, 2]) await second(times)
  expect(await stoppedFrames()).toEqual([false, true])
  expect(peer.publications.views()).toEqual([])
  // The debt must be paid back before this source can be published again.
  expect(await refusal(publish())).toBe('call.limit')
  await peer.publications.enforceBitrate(0, 5)
  await publish()
  expect(client.error).toBeUndefined()
})

test('a publication that is resumed at once after the node paused it is paused again, and then cannot be resumed', async () => {
  const { client, publish, stoppedFrames } = await newSender()
  const { id, second } = await publish()
  await second(5)
  await client.call.media.resume.mutate({ id })
  await second(2)
  await client.call.media.resume.mutate({ id })
  expect(await stoppedFrames()).toEqual([false, false])
  await second(3)
  expect(await refusal(client.call.media.resume.mutate({ id }))).toBe('call.limit')
})

test('a restarted publication keeps the bitrate debt of its source', async () => {
  const { publish, stoppedFrames } = await newSender()
  await (await publish()).second(3)
  await (await publish()).second(3)
  expect(await stoppedFrames()).toEqual([false])
})

test('bytes of a publication that was replaced before it was measured count against its source', async () => {
  const { peer, publish, stoppedFrames } = await newSender()
  for (let turn = 0; turn < 2; turn += 1) {
    const bytes = await (await publish()).flood(3)
    await publish()
    await peer.publications.enforceBitrate(bytes, 1)
  }
  expect(await stoppedFrames()).toEqual([false])
})

test('floods of a publication add up over the quiet seconds between them', async () => {
  const { publish, stoppedFrames } = await newSender()
  const { second } = await publish()
  for (const times of [3.5, 0, 3.5]) await second(times)
  expect(await stoppedFrames()).toEqual([false])
})

test('a publication below its bitrate limit is never stopped, and one peak after a quiet time is allowed', async () => {
  const { publish, stoppedFrames } = await newSender()
  const { second } = await publish()
  for (const times of [0.9, 0.5, 0.9, 0.9, 0.1, 3.5, 0.9]) await second(times)
  expect(await stoppedFrames()).toEqual([])
})

test('the bitrate limit holds for a replaced peer for as long as it sends', async () => {
  const { peer, publish, client } = await newSender()
  const { second } = await publish()
  const enforced = vi.spyOn(peer.publications, 'enforceBitrate')
  const seat = peer.seatId
  await testNode.newClient().join(await testNode.newTicket({ meeting: peer.room.meetingId, seat, seatEpoch: 2 }))
  await client.frame('ended', ({ reason }) => reason === 'taken_over')
  await testNode.pass(1_000)
  await peer.lastCheck
  expect(enforced).toHaveBeenCalledOnce()
  await second(5)
  expect(peer.publications.views()).toMatchObject([{ source: 'mic', paused: true }])
})
