import { randomUUID } from 'node:crypto'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { types } from 'mediasoup'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { routerCapabilities } from '../media/codecs.ts'
import { Publication } from './Publication.ts'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { videoParameters, audioParameters } from '../test/rtp.ts'

const clock = new ManualClock()
let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock })
})
afterAll(() => testNode.close())

async function enter(first = 0, rtpCapabilities = routerCapabilities) {
  const meeting = randomUUID() as MeetingId
  const client = testNode.newClient()
  client.enter({
    ticket: await testNode.newTicket({ meeting }),
    rtpCapabilities,
    view: { tiles: [], first },
  })
  const joined = await client.frame('joined')
  const room = testNode.node.rooms.find(({ meetingId }) => meetingId === meeting)!
  return { client, joined, room, peer: room.peer(joined.seatId)! }
}

/** Publications of other seats, as a hundred people in the room would bring them. */
async function publish(transport: types.Transport, source: 'mic' | 'cam', count: number): Promise<Publication[]> {
  const kind = source === 'mic' ? 'audio' : 'video'
  const seatId = randomUUID() as SeatId
  const { deps } = testNode
  return Promise.all(
    Array.from({ length: count }, async () => {
      const rtpParameters = source === 'mic' ? audioParameters() : videoParameters(1)
      const producer = await transport.produce({ kind, rtpParameters })
      return new Publication({ deps, seatId, producer, source, transportId: transport.id, paused: false })
    }),
  )
}

test('a receiver never has more subscriptions than the limit, and one that ends makes room for another', async () => {
  const { client, peer } = await enter()
  const all = await publish(peer.transports.newest('send'), 'mic', limits.call.subscriptions + 2)
  await Promise.all([
    peer.subscriptions.reconcile(all.slice(0, 300)),
    peer.subscriptions.reconcile(all),
    peer.subscriptions.reconcile(all),
  ])
  expect(peer.subscriptions.all).toHaveLength(limits.call.subscriptions)
  const [first] = peer.subscriptions.all
  first!.publication.close()
  await client.frame('subscriptionClosed', ({ id }) => id === first?.id)
  await peer.subscriptions.reconcile(all)
  expect(peer.subscriptions.all).toHaveLength(limits.call.subscriptions)
})

test('subscriptions on an old transport do not count against the limit on the new one', async () => {
  const { peer, room } = await enter()
  const count = limits.call.subscriptions / 2 + 10
  const all = await publish(peer.transports.newest('send'), 'mic', count)
  vi.spyOn(room, 'publicationsFor').mockReturnValue(all)
  await peer.subscriptions.reconcile(all)
  const { id } = await peer.transports.replace('recv')
  await peer.subscriptions.moveToNewTransport()
  expect(peer.subscriptions.all.filter(({ transportId }) => transportId === id)).toHaveLength(count)
})

test('a subscription that was being created on a transport that closed is created on the next one', async () => {
  const { peer } = await enter()
  const all = await publish(peer.transports.newest('send'), 'mic', 3)
  const reconciling = peer.subscriptions.reconcile(all)
  peer.transports.newest('recv').close()
  await reconciling
  expect(peer.subscriptions.all).toEqual([])
  const { id } = await peer.transports.replace('recv')
  await peer.subscriptions.reconcile(all)
  expect(peer.subscriptions.all.map(({ transportId }) => transportId)).toEqual([id, id, id])
})

test('the first page has as many cameras as the client asked for, also after one ends, and leaves no listeners on a camera', async () => {
  const { peer } = await enter(2)
  const all = await publish(peer.transports.newest('send'), 'cam', 4)
  const [first] = all
  const listeners = () => first!.producer.observer.listenerCount('close') + first!.listenerCount('closed')
  const before = listeners()
  await peer.subscriptions.reconcile(all)
  expect([peer.subscriptions.all.length, listeners()]).toEqual([2, before])
  first!.close()
  await peer.subscriptions.reconcile(all)
  await expect
    .poll(() => peer.subscriptions.all.map(({ publication }) => publication.id))
    .toEqual([all[1]!.id, all[2]!.id])
})

test('a publication for which the receiver has no codec is tried once and does not hinder the others', async () => {
  const codecs = routerCapabilities.codecs!.filter(({ kind }) => kind === 'audio')
  const { peer, client } = await enter(1, { ...routerCapabilities, codecs })
  const transport = peer.transports.newest('send')
  const all = [...(await publish(transport, 'cam', 1)), ...(await publish(transport, 'mic', 1))]
  const consume = vi.spyOn(peer.receiveTransport, 'consume')
  await peer.subscriptions.reconcile(all)
  await peer.subscriptions.reconcile(all)
  expect(consume).toHaveBeenCalledTimes(2)
  const { subscriptions } = await client.frame('subscriptions')
  expect(subscriptions.map(({ source }) => source)).toEqual(['mic'])
})

test('a subscription that the media worker did not create in time is created by the next pass', async () => {
  const { peer } = await enter()
  const all = await publish(peer.transports.newest('send'), 'mic', 1)
  vi.spyOn(peer.receiveTransport, 'consume').mockReturnValueOnce(new Promise(() => undefined))
  const reconciling = peer.subscriptions.reconcile(all)
  clock.advance(limits.call.requestSeconds * 1000)
  await reconciling
  expect(peer.subscriptions.all).toEqual([])
  await peer.subscriptions.reconcile(all)
  expect(peer.subscriptions.all).toHaveLength(1)
})

test('an unexpected failure of one subscription is logged and does not hinder the others', async () => {
  const { peer } = await enter()
  const all = await publish(peer.transports.newest('send'), 'mic', 2)
  const logged = vi.spyOn(testNode.deps.log, 'error')
  vi.spyOn(peer.receiveTransport, 'consume').mockRejectedValueOnce(new RangeError('a bug'))
  await peer.subscriptions.reconcile(all)
  expect(logged).toHaveBeenCalledOnce()
  expect(peer.subscriptions.all).toHaveLength(1)
})
