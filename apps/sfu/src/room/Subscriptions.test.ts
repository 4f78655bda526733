import { randomUUID } from 'node:crypto'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import { callLimits, maxTiles } from '@veche/shared/meeting-limits'
import type { types } from 'mediasoup'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { routerCapabilities } from '../media/codecs.ts'
import { Publication } from './Publication.ts'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { refusal } from '../test/TestClient.ts'
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
  const all = await publish(peer.transports.newest('send'), 'mic', callLimits.subscriptions + 2)
  await Promise.all([
    peer.subscriptions.reconcile(all.slice(0, 300)),
    peer.subscriptions.reconcile(all),
    peer.subscriptions.reconcile(all),
  ])
  expect(peer.subscriptions.all).toHaveLength(callLimits.subscriptions)
  const [first] = peer.subscriptions.all
  first!.publication.close()
  await client.frame('subscriptionClosed', ({ id }) => id === first?.id)
  await peer.subscriptions.reconcile(all)
  expect(peer.subscriptions.all).toHaveLength(callLimits.subscriptions)
})

test('subscriptions on an old transport do not count against the limit on the new one', async () => {
  const { peer, room } = await enter()
  const count = callLimits.subscriptions / 2 + 10
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
  clock.advance(callLimits.requestSeconds * 1000)
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

const seats = Array.from({ length: 98 }, () => randomUUID() as SeatId)
const tilesOf = (ids: SeatId[], height = 180) =>
  ids.map((seatId) => ({ seatId, source: 'cam' as const, width: 320, height }))
const [pageOne, pageTwo] = [tilesOf(seats.slice(0, 49)), tilesOf(seats.slice(49))]

test('each changed tile costs one token: a browser may turn ten full pages and scroll on, and a client that turns pages without end is refused', async () => {
  const { client } = await enter()
  const show = (tiles: typeof pageOne) => refusal(client.call.room.setVisibleTiles.mutate({ tiles }))
  const scrolled = [...pageOne.slice(7), ...pageTwo.slice(0, 7)]
  const outcomes: unknown[] = []
  for (let turn = 0; turn < 5; turn += 1) outcomes.push(await show(pageOne), await show(pageTwo))
  // One row a second: fourteen tiles come or go.
  await show(pageOne)
  for (let second = 0; second < 20; second += 1) {
    await testNode.pass(1_000)
    outcomes.push(await show(second % 2 === 0 ? scrolled : pageOne))
  }
  expect(new Set(outcomes)).toEqual(new Set(['accepted']))
  const flood: unknown[] = []
  for (let second = 0; second < 20; second += 1) {
    await testNode.pass(1_000)
    flood.push(await show(pageTwo), await show(pageOne))
  }
  expect(flood.filter((outcome) => outcome === 'request.too_many').length).toBeGreaterThan(10)
  await testNode.pass(2_000)
  expect(await show(pageTwo)).toBe('accepted')
})

test('a browser may say that each subscription of a full room is ready, and say so again after each resume, and an endless list of ids is refused', async () => {
  const { client, peer } = await enter()
  const all = await publish(peer.transports.newest('send'), 'mic', 100)
  await peer.subscriptions.reconcile(all)
  const real = peer.subscriptions.all.map(({ id }) => id)
  const ready = (ids: string[]) => refusal(client.call.media.ready.mutate({ ids }))
  for (let resume = 0; resume < 10; resume += 1) expect(await ready(real)).toBe('accepted')
  expect(peer.subscriptions.all.every(({ isReady }) => isReady)).toBe(true)
  const ids = Array.from({ length: callLimits.subscriptions }, () => randomUUID())
  const flood: unknown[] = []
  for (let second = 0; second < 4; second += 1) {
    await testNode.pass(1_000)
    for (let call = 0; call < 38; call += 1) flood.push(await ready(ids))
  }
  expect(flood.at(-1)).toBe('request.too_many')
})

test('a browser gets a key frame for each tile of a full page, and then one a second', async () => {
  const { client, peer } = await enter(1)
  const [camera] = await publish(peer.transports.newest('send'), 'cam', 1)
  await peer.subscriptions.reconcile([camera!])
  const { id } = peer.subscriptions.all[0]!
  const ask = () => refusal(client.call.media.requestKeyFrame.mutate({ id }))
  for (let tile = 0; tile < maxTiles; tile += 1) expect(await ask()).toBe('accepted')
  const outcomes: unknown[] = []
  for (let second = 0; second < 30; second += 1) {
    await testNode.pass(1_000)
    outcomes.push(await ask(), await ask())
  }
  const accepted = outcomes.filter((outcome) => outcome === 'accepted').length
  expect(accepted).toBeLessThan(45)
  expect(outcomes.slice(-10).filter((outcome) => outcome === 'accepted')).toHaveLength(5)
})
