import { randomUUID } from 'node:crypto'
import type { MeetingId } from '@veche/shared/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JoinedFrame } from '../signalling/frames.ts'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { dtlsParameters, audioParameters } from '../test/rtp.ts'
import { RawMediaClient } from '../test/RawMediaClient.ts'
import { refusal, type TestClient } from '../test/TestClient.ts'

const clock = new ManualClock()
let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock })
})
afterAll(() => testNode.close())

async function enter(meeting = randomUUID() as MeetingId) {
  const client = testNode.newClient()
  const joined = await client.join(await testNode.newTicket({ meeting }))
  const peer = testNode.node.rooms.find(({ meetingId }) => meetingId === meeting)!.peer(joined.seatId)!
  return { client, joined, peer, meeting }
}

/** A fatal DTLS alert in place of a handshake. */
const brokenOff = Buffer.from('15fefd000000000000000000020228', 'hex')

async function failHandshake(client: TestClient, view: JoinedFrame['send']) {
  await client.call.transport.connect.mutate({ transportId: view.id, dtlsParameters })
  const raw = await RawMediaClient.open(view)
  await raw.send(brokenOff)
  const lost = await client.frame('transportClosed', ({ id }) => id === view.id)
  raw.close()
  return lost
}

test('a transport whose DTLS handshake fails is closed, and its owner is told and can replace it', async () => {
  const { client, joined, peer } = await enter()
  const mic = await client.call.media.produce.mutate({
    source: 'mic',
    transportId: joined.send.id,
    rtpParameters: audioParameters(),
  })
  expect(await failHandshake(client, joined.send)).toMatchObject({ direction: 'send', reason: 'handshake' })
  expect(await refusal(client.call.transport.restartIce.mutate({ transportId: joined.send.id }))).toBe(
    'call.media_lost',
  )
  expect(peer.publications.views().some(({ id }) => id === mic.id)).toBe(false)
  const fresh = await client.call.transport.replace.mutate({ direction: 'send' })
  await client.call.media.produce.mutate({ source: 'mic', transportId: fresh.id, rtpParameters: audioParameters() })
})

test('a receiving transport that replaces one with a failed handshake gets all subscriptions again', async () => {
  const { client, joined, meeting } = await enter()
  const other = await enter(meeting)
  await other.client.call.media.produce.mutate({
    source: 'mic',
    transportId: other.joined.send.id,
    rtpParameters: audioParameters(),
  })
  const [old] = (await client.frame('subscriptions')).subscriptions
  expect(await failHandshake(client, joined.recv)).toMatchObject({ direction: 'recv' })
  await client.frame('subscriptionClosed', ({ id }) => id === old?.id)
  const fresh = await client.call.transport.replace.mutate({ direction: 'recv' })
  const { subscriptions } = await client.frame(
    'subscriptions',
    ({ subscriptions: [one] }) => one?.transportId === fresh.id,
  )
  expect(subscriptions).toMatchObject([{ publicationId: old?.publicationId }])
})

test('a client that had no socket when a transport was lost is told when it resumes, and not again after it has replaced it', async () => {
  const { client, joined, peer } = await enter()
  await client.call.transport.connect.mutate({ transportId: joined.send.id, dtlsParameters })
  client.dropSocket()
  await expect.poll(() => peer.isAttached).toBe(false)
  const raw = await RawMediaClient.open(joined.send)
  await raw.send(brokenOff)
  await expect.poll(() => peer.transports.lost.length).toBe(1)
  raw.close()
  const back = testNode.newClient()
  const { secret } = await back.resume(joined.secret)
  expect(await back.frame('transportClosed')).toMatchObject({ id: joined.send.id, direction: 'send' })
  await back.call.transport.replace.mutate({ direction: 'send' })
  const again = testNode.newClient()
  await again.resume(secret)
  await again.call.room.setVisibleTiles.mutate({ tiles: [] })
  expect(again.frames.some(({ type }) => type === 'transportClosed')).toBe(false)
})

test('a replacement transport whose handshake fails leaves the old transport open', async () => {
  const { client, joined } = await enter()
  const mic = await client.call.media.produce.mutate({
    source: 'mic',
    transportId: joined.send.id,
    rtpParameters: audioParameters(),
  })
  const fresh = await client.call.transport.replace.mutate({ direction: 'send' })
  await failHandshake(client, fresh)
  await client.call.media.pause.mutate(mic)
  expect(await refusal(client.call.transport.restartIce.mutate({ transportId: joined.send.id }))).toBe('accepted')
})

test('when the transport of one direction is lost the other one is still measured', async () => {
  const { client, joined, peer } = await enter()
  await failHandshake(client, joined.recv)
  const raw = await RawMediaClient.open(joined.send)
  const before = await peer.transports.measure()
  await raw.send(Buffer.alloc(500, 0x80))
  await expect.poll(async () => (await peer.transports.measure()).received).toBeGreaterThan(0)
  expect([before.send?.transportId, before.recv]).toEqual([joined.send.id, undefined])
  raw.close()
})

test.each(['send', 'recv'] as const)(
  'bytes on the %s transport that belong to no stream are counted, and too many of them close the transport',
  async (direction) => {
    const { client, joined, peer } = await enter()
    const raw = await RawMediaClient.open(joined[direction])
    const second = async (packets: number) => {
      for (let count = 0; count < packets; count += 1) await raw.send(Buffer.alloc(1_000, 0x80))
      clock.advance(1_000)
      await peer.lastCheck
    }
    for (let turn = 0; turn < 10; turn += 1) await second(100)
    expect(client.frames.some(({ type }) => type === 'transportClosed')).toBe(false)
    const unmatched = async () => (await testNode.deps.metrics.unmatched.get()).values[0]?.value ?? 0
    const before = await unmatched()
    await expect
      .poll(async () => second(1_000).then(() => peer.transports.lost))
      .toMatchObject([{ id: joined[direction].id, direction, reason: 'bitrate' }])
    expect((await unmatched()) - before).toBeGreaterThan(500_000)
    expect(await client.frame('transportClosed')).toMatchObject({ id: joined[direction].id })
    await client.call.transport.replace.mutate({ direction })
    raw.close()
  },
)

test('a publication that is created while its transport closes fails, and the others are not told of it', async () => {
  const { joined, peer, meeting } = await enter()
  const other = await enter(meeting)
  const making = peer.publications.produce({
    source: 'mic',
    transportId: joined.send.id,
    rtpParameters: audioParameters(),
    paused: false,
  })
  peer.transports.newest('send').close()
  await expect(making).rejects.toThrow('call.media_lost')
  expect(peer.publications.all).toEqual([])
  await other.client.call.room.setVisibleTiles.mutate({ tiles: [] })
  expect(other.client.frames.some((frame) => frame.type === 'peer' && frame.peer.publications.length > 0)).toBe(false)
})
