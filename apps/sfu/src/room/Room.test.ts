import { randomUUID } from 'node:crypto'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ManualClock } from '../test/ManualClock.ts'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { dtlsParameters, videoParameters, audioParameters } from '../test/rtp.ts'
import { refusal } from '../test/TestClient.ts'

let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock: new ManualClock() })
})
afterAll(() => testNode.close())

const newMeeting = () => randomUUID() as MeetingId
const newSeat = () => randomUUID() as SeatId

async function enter(meeting: MeetingId, some: Parameters<TestNode['newTicket']>[0] = {}) {
  const client = testNode.newClient()
  const joined = await client.join(await testNode.newTicket({ meeting, ...some }))
  return { client, joined, send: joined.send.id, seat: joined.seatId }
}

test('the first frame holds the whole state: transports, secret, peers and capabilities', async () => {
  const meeting = newMeeting()
  const anna = await enter(meeting, { name: 'Anna' })
  expect(anna.joined).toMatchObject({
    meetingId: meeting,
    resumed: false,
    publications: [],
    peers: [],
    subscriptions: [],
    speakers: [],
  })
  expect(anna.joined.secret).toMatch(/^[\w-]{43}$/)
  expect(anna.joined.send.iceCandidates.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp'])
  const boris = await enter(meeting, { name: 'Boris', capabilities: ['mic'] })
  expect(boris.joined.capabilities).toEqual(['mic'])
  expect(boris.joined.peers).toMatchObject([{ seatId: anna.seat, name: 'Anna', away: false, publications: [] }])
  expect(await anna.client.frame('peer')).toMatchObject({ peer: { seatId: boris.seat, name: 'Boris' } })
})

test('a client that joins later gets microphones, the shared screen and its visible tiles as subscriptions in the first frame', async () => {
  const meeting = newMeeting()
  const anna = await enter(meeting)
  await anna.client.call.media.produce.mutate({
    source: 'cam',
    transportId: anna.send,
    rtpParameters: videoParameters(3),
  })
  await anna.client.call.media.produce.mutate({
    source: 'screen',
    transportId: anna.send,
    rtpParameters: videoParameters(2),
  })
  await anna.client.call.media.produce.mutate({
    source: 'mic',
    transportId: anna.send,
    rtpParameters: audioParameters(),
  })
  const boris = testNode.newClient()
  const joined = await boris.join(await testNode.newTicket({ meeting }), [
    { seatId: anna.seat, source: 'cam', width: 640, height: 360 },
  ])
  expect(joined.subscriptions.map(({ source, hidden, kind }) => [source, hidden, kind])).toEqual([
    ['mic', false, 'audio'],
    ['screen', true, 'video'],
    ['cam', false, 'video'],
  ])
  expect(
    joined.subscriptions.every(({ transportId, seatId }) => transportId === joined.recv.id && seatId === anna.seat),
  ).toBe(true)
  expect(joined.peers[0]?.publications.map(({ source, paused }) => [source, paused])).toEqual([
    ['cam', false],
    ['screen', false],
    ['mic', false],
  ])
})

test('a camera is subscribed when its tile becomes visible, and paused and kept when it is hidden again', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  const tile = { seatId: anna.seat, source: 'cam' as const, width: 320, height: 180 }
  await anna.client.call.media.produce.mutate({
    source: 'cam',
    transportId: anna.send,
    rtpParameters: videoParameters(3),
  })
  await boris.client.frame('peer', ({ peer }) => peer.publications.length === 1)
  expect(boris.client.frames.some(({ type }) => type === 'subscriptions')).toBe(false)
  await boris.client.call.room.setVisibleTiles.mutate({ tiles: [tile] })
  const [consumer] = (await boris.client.frame('subscriptions')).subscriptions
  expect(consumer).toMatchObject({ source: 'cam', hidden: false })
  await boris.client.call.room.setVisibleTiles.mutate({ tiles: [] })
  expect(await boris.client.frame('subscription', ({ hidden }) => hidden)).toMatchObject({ id: consumer?.id })
  await boris.client.call.room.setVisibleTiles.mutate({ tiles: [tile] })
  await boris.client.frame('subscription', ({ hidden }) => !hidden)
  expect(boris.client.frames.filter(({ type }) => type === 'subscriptions')).toHaveLength(1)
})

test('a client that joins gets the first cameras without naming their tiles', async () => {
  const meeting = newMeeting()
  const anna = await enter(meeting)
  const boris = await enter(meeting)
  for (const { client, send } of [anna, boris])
    await client.call.media.produce.mutate({ source: 'cam', transportId: send, rtpParameters: videoParameters(3) })
  const vera = testNode.newClient()
  const { routerCapabilities } = await import('../media/codecs.ts')
  vera.enter({
    ticket: await testNode.newTicket({ meeting }),
    rtpCapabilities: routerCapabilities,
    view: { tiles: [], first: 1 },
  })
  expect((await vera.frame('joined')).subscriptions).toHaveLength(1)
  await vera.call.room.setVisibleTiles.mutate({ tiles: [] })
  await vera.frame('subscription', ({ hidden }) => hidden)
})

test('the others are told when a peer pauses, resumes or closes a publication, and when it leaves', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  const mic = await anna.client.call.media.produce.mutate({
    source: 'mic',
    transportId: anna.send,
    rtpParameters: audioParameters(),
  })
  const [consumer] = (await boris.client.frame('subscriptions')).subscriptions
  await anna.client.call.media.pause.mutate(mic)
  await boris.client.frame('subscription', ({ publicationPaused }) => publicationPaused)
  await boris.client.frame('peer', ({ peer }) => peer.publications.some(({ paused }) => paused))
  await anna.client.call.media.resume.mutate(mic)
  await boris.client.frame('subscription', ({ publicationPaused }) => !publicationPaused)
  await anna.client.call.media.close.mutate(mic)
  expect(await boris.client.frame('subscriptionClosed')).toMatchObject({ id: consumer?.id })
  await anna.client.call.room.leave.mutate()
  expect(await anna.client.frame('ended')).toMatchObject({ reason: 'left' })
  expect(await boris.client.frame('peerGone')).toMatchObject({ seatId: anna.seat })
})

test('a room ends with its last peer', async () => {
  const meeting = newMeeting()
  const anna = await enter(meeting)
  expect(testNode.node.rooms.some(({ meetingId }) => meetingId === meeting)).toBe(true)
  await anna.client.call.room.leave.mutate()
  expect(testNode.node.rooms.some(({ meetingId }) => meetingId === meeting)).toBe(false)
})

test('a seat can only send sources for which it has the capability', async () => {
  const { client, send } = await enter(newMeeting(), { capabilities: ['mic', 'chat'] })
  const produce = (source: 'cam' | 'screen' | 'screenSound') =>
    refusal(
      client.call.media.produce.mutate({
        source,
        transportId: send,
        rtpParameters: source === 'screenSound' ? audioParameters() : videoParameters(2),
      }),
    )
  expect([await produce('cam'), await produce('screen'), await produce('screenSound')]).toEqual(
    Array(3).fill('call.forbidden'),
  )
})

test('a second publication of the same source replaces the first one', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  const produce = () =>
    anna.client.call.media.produce.mutate({ source: 'mic', transportId: anna.send, rtpParameters: audioParameters() })
  const first = await produce()
  const second = await produce()
  const { peer } = await boris.client.frame('peer', ({ peer: { publications } }) =>
    publications.some(({ id }) => id === second.id),
  )
  expect(peer.publications.map(({ id }) => id)).toEqual([second.id])
  expect(second.id).not.toBe(first.id)
})

test('a client cannot send on the transport of another peer, on its receiving transport, or in more layers than the source has', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  const { produce } = boris.client.call.media
  expect(
    await refusal(produce.mutate({ source: 'mic', transportId: anna.send, rtpParameters: audioParameters() })),
  ).toBe('call.media_lost')
  expect(
    await refusal(
      produce.mutate({ source: 'mic', transportId: boris.joined.recv.id, rtpParameters: audioParameters() }),
    ),
  ).toBe('call.media_lost')
  expect(
    await refusal(produce.mutate({ source: 'screen', transportId: boris.send, rtpParameters: videoParameters(3) })),
  ).toBe('call.limit')
})

test('a camera that is published as a microphone, and a codec that the room does not have, are refused', async () => {
  const { client, send } = await enter(newMeeting())
  const { produce } = client.call.media
  expect(await refusal(produce.mutate({ source: 'mic', transportId: send, rtpParameters: videoParameters(1) }))).toBe(
    'call.media_refused',
  )
  const other = videoParameters(1)
  other.codecs[0]!.mimeType = 'video/H264'
  expect(await refusal(produce.mutate({ source: 'cam', transportId: send, rtpParameters: other }))).toBe(
    'call.media_refused',
  )
})

test('transport.connect can be repeated with the same fingerprint and is refused with another one', async () => {
  const { client, send } = await enter(newMeeting())
  await client.call.transport.connect.mutate({ transportId: send, dtlsParameters })
  await client.call.transport.connect.mutate({ transportId: send, dtlsParameters })
  const value = dtlsParameters.fingerprints[0]!.value.replaceAll('AB', 'CD')
  const other = { role: 'client' as const, fingerprints: [{ algorithm: 'sha-256' as const, value }] }
  expect(await refusal(client.call.transport.connect.mutate({ transportId: send, dtlsParameters: other }))).toBe(
    'call.media_refused',
  )
})

test('transport.restartIce gives new ICE credentials for the same transport', async () => {
  const { client, joined } = await enter(newMeeting())
  const fresh = await client.call.transport.restartIce.mutate({ transportId: joined.recv.id })
  expect(fresh.usernameFragment).not.toBe(joined.recv.iceParameters.usernameFragment)
})

test('a replaced receiving transport gets all subscriptions again, beside the old ones', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  await anna.client.call.media.produce.mutate({
    source: 'mic',
    transportId: anna.send,
    rtpParameters: audioParameters(),
  })
  const [old] = (await boris.client.frame('subscriptions')).subscriptions
  const fresh = await boris.client.call.transport.replace.mutate({ direction: 'recv' })
  const { subscriptions } = await boris.client.frame(
    'subscriptions',
    ({ subscriptions: [one] }) => one?.transportId === fresh.id,
  )
  expect(subscriptions).toMatchObject([{ publicationId: old?.publicationId, source: 'mic' }])
  expect(boris.client.frames.some(({ type }) => type === 'subscriptionClosed')).toBe(false)
})

test('replacing a transport again and again never keeps more than two transports in one direction', async () => {
  const { client, joined } = await enter(newMeeting())
  const ids = []
  for (let turn = 0; turn < 4; turn += 1)
    ids.push((await client.call.transport.replace.mutate({ direction: 'send' })).id)
  const outcomes = await Promise.all(
    ids.map((transportId) => refusal(client.call.transport.restartIce.mutate({ transportId }))),
  )
  expect(outcomes).toEqual(['call.media_lost', 'call.media_lost', 'call.media_lost', 'accepted'])
  expect(await refusal(client.call.transport.restartIce.mutate({ transportId: joined.send.id }))).toBe('accepted')
})

test('a publication on a replacement transport replaces the one of the same source on the old transport', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  const old = await anna.client.call.media.produce.mutate({
    source: 'mic',
    transportId: anna.send,
    rtpParameters: audioParameters(),
  })
  const fresh = await anna.client.call.transport.replace.mutate({ direction: 'send' })
  const made = await anna.client.call.media.produce.mutate({
    source: 'mic',
    transportId: fresh.id,
    rtpParameters: audioParameters(),
  })
  await boris.client.frame('subscriptions', ({ subscriptions: [one] }) => one?.publicationId === made.id)
  await boris.client.frame('subscriptionClosed')
  const { peer } = await boris.client.frame(
    'peer',
    ({ peer: { publications } }) => publications.length === 1 && publications[0]?.id === made.id,
  )
  expect(peer.publications.some(({ id }) => id === old.id)).toBe(false)
})

test('a socket that has not joined cannot call anything but room.join', async () => {
  const stranger = testNode.newClient()
  expect(await refusal(stranger.call.room.leave.mutate())).toBe('call.not_joined')
  expect(await refusal(stranger.call.transport.replace.mutate({ direction: 'send' }))).toBe('call.not_joined')
})

test('a socket that has joined cannot join again', async () => {
  const { client } = await enter(newMeeting())
  const { routerCapabilities } = await import('../media/codecs.ts')
  client.enter({
    ticket: await testNode.newTicket({ seat: newSeat() }),
    rtpCapabilities: routerCapabilities,
    view: { tiles: [] },
  })
  expect(await client.ended()).toBe('call.limit')
})
