import { randomUUID } from 'node:crypto'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { types } from 'mediasoup'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { routerCapabilities } from '../media/codecs.ts'
import type { Offer } from './Subscriptions.ts'
import { Own } from './Publication.ts'
import { newHouse, type TestHouse } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { picture, sound } from '../test/rtp.ts'

let house: TestHouse
beforeAll(async () => {
  house = await newHouse({ clock: new ManualClock() })
})
afterAll(() => house.close())

async function enter(first = 0) {
  const meeting = randomUUID() as MeetingId
  const visitor = house.visitor()
  visitor.enter({
    ticket: await house.ticket({ meeting }),
    rtpCapabilities: routerCapabilities,
    view: { tiles: [], first },
  })
  const joined = await visitor.frame('joined')
  const room = house.node.rooms.find(({ meetingId }) => meetingId === meeting)!
  return { visitor, joined, room, peer: room.peer(joined.seatId)! }
}

/** So many streams of others, as a hundred people in the room would bring them. */
async function offers(transport: types.Transport, source: 'mic' | 'cam', count: number): Promise<Offer[]> {
  const kind = source === 'mic' ? 'audio' : 'video'
  const seatId = randomUUID() as SeatId
  return Promise.all(
    Array.from({ length: count }, async () => {
      const producer = await transport.produce({ kind, rtpParameters: source === 'mic' ? sound() : picture(1) })
      return { own: new Own({ deps: house.deps, producer, source, transportId: transport.id, paused: false }), seatId }
    }),
  )
}

test('nobody receives more streams than the limit, and what ends makes room', async () => {
  const { visitor, peer } = await enter()
  const all = await offers(peer.transports.newest('send'), 'mic', limits.call.subscriptions + 2)
  await Promise.all([peer.consuming.take(all.slice(0, 300)), peer.consuming.take(all), peer.consuming.take(all)])
  expect(peer.consuming.feeds).toHaveLength(limits.call.subscriptions)
  const [first] = peer.consuming.feeds
  first!.own.close()
  await visitor.frame('subscriptionClosed', ({ id }) => id === first?.id)
  await peer.consuming.take(all)
  expect(peer.consuming.feeds).toHaveLength(limits.call.subscriptions)
})

test('on a renewed transport there is room for everything that leaves the old one', async () => {
  const { peer, room } = await enter()
  const count = limits.call.subscriptions / 2 + 10
  const all = await offers(peer.transports.newest('send'), 'mic', count)
  vi.spyOn(room, 'offersFor').mockReturnValue(all)
  await peer.consuming.take(all)
  const { id } = await peer.transports.renew('recv')
  await peer.consuming.renew()
  expect(peer.consuming.feeds.filter(({ transportId }) => transportId === id)).toHaveLength(count)
})

test('what was being made on a transport that closed is made on the next one', async () => {
  const { peer } = await enter()
  const all = await offers(peer.transports.newest('send'), 'mic', 3)
  const taking = peer.consuming.take(all)
  peer.transports.newest('recv').close()
  await taking
  expect(peer.consuming.feeds).toEqual([])
  const { id } = await peer.transports.renew('recv')
  await peer.consuming.take(all)
  expect(peer.consuming.feeds.map(({ transportId }) => transportId)).toEqual([id, id, id])
})

test('the first cameras are as many as were asked for, also when others end; a camera remembers nobody who saw it', async () => {
  const { peer } = await enter(2)
  const all = await offers(peer.transports.newest('send'), 'cam', 4)
  const [first] = all
  const listeners = () => first!.own.producer.observer.listenerCount('close')
  const before = listeners()
  await peer.consuming.take(all)
  expect([peer.consuming.feeds.length, listeners()]).toEqual([2, before])
  first!.own.close()
  await peer.consuming.take(all)
  await expect.poll(() => peer.consuming.feeds.map(({ own }) => own.id)).toEqual([all[1]!.own.id, all[2]!.own.id])
})
