import { randomUUID } from 'node:crypto'
import type { MeetingId } from '@veche/shared/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JoinedFrame } from '../signalling/frames.ts'
import { newHouse, type TestHouse } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { dtlsParameters, sound } from '../test/rtp.ts'
import { RawClient } from '../test/RawMediaClient.ts'
import { refusal, type Visitor } from '../test/TestClient.ts'

const clock = new ManualClock()
let house: TestHouse
beforeAll(async () => {
  house = await newHouse({ clock })
})
afterAll(() => house.close())

async function enter(meeting = randomUUID() as MeetingId) {
  const visitor = house.visitor()
  const joined = await visitor.join(await house.ticket({ meeting }))
  const peer = house.node.rooms.find(({ meetingId }) => meetingId === meeting)!.peer(joined.seatId)!
  return { visitor, joined, peer, meeting }
}

/** A fatal alert in place of the first words of a handshake. */
const brokenOff = Buffer.from('15fefd000000000000000000020228', 'hex')

async function failHandshake(visitor: Visitor, view: JoinedFrame['send']) {
  await visitor.call.transport.connect.mutate({ transportId: view.id, dtlsParameters })
  const raw = await RawClient.open(view)
  await raw.send(brokenOff)
  const lost = await visitor.frame('transportClosed', ({ id }) => id === view.id)
  raw.close()
  return lost
}

test('a transport whose handshake fails is closed, and its owner is told and may renew it', async () => {
  const { visitor, joined, peer } = await enter()
  const mic = await visitor.call.media.produce.mutate({
    source: 'mic',
    transportId: joined.send.id,
    rtpParameters: sound(),
  })
  expect(await failHandshake(visitor, joined.send)).toMatchObject({ direction: 'send', reason: 'handshake' })
  expect(await refusal(visitor.call.transport.restartIce.mutate({ transportId: joined.send.id }))).toBe(
    'call.media_lost',
  )
  expect(peer.producing.views().some(({ id }) => id === mic.id)).toBe(false)
  const fresh = await visitor.call.transport.replace.mutate({ direction: 'send' })
  await visitor.call.media.produce.mutate({ source: 'mic', transportId: fresh.id, rtpParameters: sound() })
})

test('on a receiving transport that was renewed after its handshake failed everything comes anew', async () => {
  const { visitor, joined, meeting } = await enter()
  const other = await enter(meeting)
  await other.visitor.call.media.produce.mutate({
    source: 'mic',
    transportId: other.joined.send.id,
    rtpParameters: sound(),
  })
  const [old] = (await visitor.frame('subscriptions')).subscriptions
  expect(await failHandshake(visitor, joined.recv)).toMatchObject({ direction: 'recv' })
  await visitor.frame('subscriptionClosed', ({ id }) => id === old?.id)
  const fresh = await visitor.call.transport.replace.mutate({ direction: 'recv' })
  const { subscriptions } = await visitor.frame(
    'subscriptions',
    ({ subscriptions: [one] }) => one?.transportId === fresh.id,
  )
  expect(subscriptions).toMatchObject([{ publicationId: old?.publicationId }])
})

test('whoever was away when a transport was lost is told when they are back, and no more once it is renewed', async () => {
  const { visitor, joined, peer } = await enter()
  await visitor.call.transport.connect.mutate({ transportId: joined.send.id, dtlsParameters })
  visitor.cut()
  await expect.poll(() => peer.attached).toBe(false)
  const raw = await RawClient.open(joined.send)
  await raw.send(brokenOff)
  await expect.poll(() => peer.transports.lost.length).toBe(1)
  raw.close()
  const back = house.visitor()
  const { secret } = await back.resume(joined.secret)
  expect(await back.frame('transportClosed')).toMatchObject({ id: joined.send.id, direction: 'send' })
  await back.call.transport.replace.mutate({ direction: 'send' })
  const again = house.visitor()
  await again.resume(secret)
  await again.call.room.setVisibleTiles.mutate({ tiles: [] })
  expect(again.frames.some(({ type }) => type === 'transportClosed')).toBe(false)
})

test('a renewed transport whose handshake fails leaves the one that it was to replace as it is', async () => {
  const { visitor, joined } = await enter()
  const mic = await visitor.call.media.produce.mutate({
    source: 'mic',
    transportId: joined.send.id,
    rtpParameters: sound(),
  })
  const fresh = await visitor.call.transport.replace.mutate({ direction: 'send' })
  await failHandshake(visitor, fresh)
  await visitor.call.media.pause.mutate(mic)
  expect(await refusal(visitor.call.transport.restartIce.mutate({ transportId: joined.send.id }))).toBe('accepted')
})

test('with one way lost the other is still looked at', async () => {
  const { visitor, joined, peer } = await enter()
  await failHandshake(visitor, joined.recv)
  const raw = await RawClient.open(joined.send)
  const before = await peer.transports.stats()
  await raw.send(Buffer.alloc(500, 0x80))
  await expect.poll(async () => (await peer.transports.stats()).received).toBeGreaterThan(0)
  expect([before.send?.transportId, before.recv]).toEqual([joined.send.id, undefined])
  raw.close()
})

test.each(['send', 'recv'] as const)(
  'what comes on the way to %s and belongs to no stream is counted, and cut off when it is more than any of it may be',
  async (direction) => {
    const { visitor, joined, peer } = await enter()
    const raw = await RawClient.open(joined[direction])
    const second = async (packets: number) => {
      for (let count = 0; count < packets; count += 1) await raw.send(Buffer.alloc(1_000, 0x80))
      clock.advance(1_000)
      await peer.checked
    }
    for (let turn = 0; turn < 10; turn += 1) await second(100)
    expect(visitor.frames.some(({ type }) => type === 'transportClosed')).toBe(false)
    const strays = async () => (await house.deps.metrics.strays.get()).values[0]?.value ?? 0
    const before = await strays()
    await expect
      .poll(async () => second(1_000).then(() => peer.transports.lost))
      .toMatchObject([{ id: joined[direction].id, direction, reason: 'bitrate' }])
    expect((await strays()) - before).toBeGreaterThan(500_000)
    expect(await visitor.frame('transportClosed')).toMatchObject({ id: joined[direction].id })
    await visitor.call.transport.replace.mutate({ direction })
    raw.close()
  },
)

test('a stream that is made while its transport closes is none, and nobody is told of it', async () => {
  const { joined, peer, meeting } = await enter()
  const other = await enter(meeting)
  const making = peer.producing.produce({
    source: 'mic',
    transportId: joined.send.id,
    rtpParameters: sound(),
    paused: false,
  })
  peer.transports.newest('send').close()
  await expect(making).rejects.toThrow('call.media_lost')
  expect(peer.producing.all).toEqual([])
  await other.visitor.call.room.setVisibleTiles.mutate({ tiles: [] })
  expect(other.visitor.frames.some((frame) => frame.type === 'peer' && frame.peer.publications.length > 0)).toBe(false)
})
