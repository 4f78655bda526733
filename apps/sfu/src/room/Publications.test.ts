import { randomUUID } from 'node:crypto'
import type { MeetingId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { types } from 'mediasoup'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { mediaCodecs } from '../media/codecs.ts'
import { newHouse, type TestHouse } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { packet, sound } from '../test/rtp.ts'
import { refusal } from '../test/TestClient.ts'

// Time stands still as a rule, so nobody looks but the test.
let house: TestHouse
let router: types.Router
beforeAll(async () => {
  house = await newHouse({ clock: new ManualClock() })
  router = (await house.node.workers[0]!.createRouter(mediaCodecs)).router
})
afterAll(() => house.close())

const share = limits.call.bitrate.mic / 8
let ssrc = 5_000

/** Somebody whose packets come without a browser: what is sent is what the test says. */
async function newSender() {
  const meeting = randomUUID() as MeetingId
  const visitor = house.visitor()
  const { seatId, send } = await visitor.join(await house.ticket({ meeting }))
  const peer = house.node.rooms.find(({ meetingId }) => meetingId === meeting)!.peer(seatId)!
  const direct = await router.createDirectTransport()
  vi.spyOn(peer.transports, 'sending').mockReturnValue(direct)
  const speak = async () => {
    const made = new Promise<types.Producer>((resolve) => direct.observer.once('newproducer', resolve))
    const number = (ssrc += 1)
    const answer = visitor.call.media.produce.mutate({
      source: 'mic',
      transportId: send.id,
      rtpParameters: sound(number),
    })
    const [{ id }, producer] = await Promise.all([answer, made])
    let sequence = 0
    /** As many times its share as a second allows. */
    const flood = async (times: number) => {
      const count = Math.ceil((share * times) / 1_000)
      for (let index = 0; index < count; index += 1) producer.send(packet(number, (sequence += 1), 988))
      // Another answer on the same channel proves that the packets are through.
      await producer.dump()
      return count * 1_000
    }
    return { id, flood, second: async (times: number) => peer.producing.guard(await flood(times), 1) }
  }
  const stopped = () => visitor.frames.flatMap((frame) => (frame.type === 'publicationStopped' ? frame.closed : []))
  const heard = async () => {
    await visitor.call.room.setVisibleTiles.mutate({ tiles: [] })
    return stopped()
  }
  return { visitor, peer, speak, heard }
}

test('a stream larger than it may be is paused on the node, and closed when it goes on', async () => {
  const { peer, speak, heard, visitor } = await newSender()
  const { id, second } = await speak()
  for (const times of [2, 2]) await second(times)
  expect(await heard()).toEqual([])
  await second(2)
  expect(await heard()).toEqual([false])
  expect(peer.producing.views()).toMatchObject([{ id, paused: true }])
  for (const times of [2, 2, 2]) await second(times)
  expect(await heard()).toEqual([false, true])
  expect(peer.producing.views()).toEqual([])
  // What is owed has to be paid back before anything like it begins again.
  expect(await refusal(speak())).toBe('call.limit')
  await peer.producing.guard(0, 5)
  await speak()
  expect(visitor.error).toBeUndefined()
})

test('whoever goes on at once after the node paused it is paused again, and soon may not go on', async () => {
  const { visitor, speak, heard } = await newSender()
  const { id, second } = await speak()
  await second(5)
  await visitor.call.media.resume.mutate({ id })
  await second(2)
  await visitor.call.media.resume.mutate({ id })
  expect(await heard()).toEqual([false, false])
  await second(3)
  expect(await refusal(visitor.call.media.resume.mutate({ id }))).toBe('call.limit')
})

test('a stream that is begun again begins with what the one before it was ahead', async () => {
  const { speak, heard } = await newSender()
  await (await speak()).second(3)
  await (await speak()).second(3)
  expect(await heard()).toEqual([false])
})

test('what came of a stream that was replaced before anybody looked counts', async () => {
  const { peer, speak, heard } = await newSender()
  for (let turn = 0; turn < 2; turn += 1) {
    const bytes = await (await speak()).flood(3)
    await speak()
    await peer.producing.guard(bytes, 1)
  }
  expect(await heard()).toEqual([false])
})

test('floods with quiet seconds between them add up', async () => {
  const { speak, heard } = await newSender()
  const { second } = await speak()
  for (const times of [3.5, 0, 3.5]) await second(times)
  expect(await heard()).toEqual([false])
})

test('a stream within its measure is left alone for ever, and a peak after a long quiet is only that', async () => {
  const { speak, heard } = await newSender()
  const { second } = await speak()
  for (const times of [0.9, 0.5, 0.9, 0.9, 0.1, 3.5, 0.9]) await second(times)
  expect(await heard()).toEqual([])
})

test('whoever gives way to a newer leg of the same seat, and sends on, is looked at for as long', async () => {
  const { peer, speak, visitor } = await newSender()
  const { second } = await speak()
  const looked = vi.spyOn(peer.producing, 'guard')
  const seat = peer.seatId
  await house.visitor().join(await house.ticket({ meeting: peer.room.meetingId, seat, seatEpoch: 2 }))
  await visitor.frame('ended', ({ reason }) => reason === 'taken_over')
  await house.pass(1_000)
  await peer.checked
  expect(looked).toHaveBeenCalledOnce()
  await second(5)
  expect(peer.producing.views()).toMatchObject([{ source: 'mic', paused: true }])
})
