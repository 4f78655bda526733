import { randomUUID } from 'node:crypto'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newHouse, type TestHouse } from '../test/TestNode.ts'
import { dtlsParameters, picture, sound } from '../test/rtp.ts'
import { refusal } from '../test/TestClient.ts'

let house: TestHouse
beforeAll(async () => {
  house = await newHouse()
})
afterAll(() => house.close())

const newMeeting = () => randomUUID() as MeetingId
const newSeat = () => randomUUID() as SeatId

async function enter(meeting: MeetingId, some: Parameters<TestHouse['ticket']>[0] = {}) {
  const visitor = house.visitor()
  const joined = await visitor.join(await house.ticket({ meeting, ...some }))
  return { visitor, joined, send: joined.send.id, seat: joined.seatId }
}

test('the first frame answers with everything: transports, secret, roster and capabilities', async () => {
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
  const boris = await enter(meeting, { name: 'Boris', caps: ['mic'] })
  expect(boris.joined.caps).toEqual(['mic'])
  expect(boris.joined.peers).toMatchObject([{ seatId: anna.seat, name: 'Anna', away: false, publications: [] }])
  expect(await anna.visitor.frame('peer')).toMatchObject({ peer: { seatId: boris.seat, name: 'Boris' } })
})

test('who comes later finds open microphones, the screen and the named tiles as paused subscriptions in the first frame', async () => {
  const meeting = newMeeting()
  const anna = await enter(meeting)
  await anna.visitor.call.media.produce.mutate({ source: 'cam', transportId: anna.send, rtpParameters: picture(3) })
  await anna.visitor.call.media.produce.mutate({ source: 'screen', transportId: anna.send, rtpParameters: picture(2) })
  await anna.visitor.call.media.produce.mutate({ source: 'mic', transportId: anna.send, rtpParameters: sound() })
  const boris = house.visitor()
  const joined = await boris.join(await house.ticket({ meeting }), [
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

test('a camera that nobody has on the screen makes no consumer; once seen and hidden again it is paused and kept', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  const tile = { seatId: anna.seat, source: 'cam' as const, width: 320, height: 180 }
  await anna.visitor.call.media.produce.mutate({ source: 'cam', transportId: anna.send, rtpParameters: picture(3) })
  await boris.visitor.frame('peer', ({ peer }) => peer.publications.length === 1)
  expect(boris.visitor.frames.some(({ type }) => type === 'subscriptions')).toBe(false)
  await boris.visitor.call.room.setVisibleTiles.mutate({ tiles: [tile] })
  const [consumer] = (await boris.visitor.frame('subscriptions')).subscriptions
  expect(consumer).toMatchObject({ source: 'cam', hidden: false })
  await boris.visitor.call.room.setVisibleTiles.mutate({ tiles: [] })
  expect(await boris.visitor.frame('subscription', ({ hidden }) => hidden)).toMatchObject({ id: consumer?.id })
  await boris.visitor.call.room.setVisibleTiles.mutate({ tiles: [tile] })
  await boris.visitor.frame('subscription', ({ hidden }) => !hidden)
  expect(boris.visitor.frames.filter(({ type }) => type === 'subscriptions')).toHaveLength(1)
})

test('whoever has just come may have the first cameras without naming them', async () => {
  const meeting = newMeeting()
  const anna = await enter(meeting)
  const boris = await enter(meeting)
  for (const { visitor, send } of [anna, boris])
    await visitor.call.media.produce.mutate({ source: 'cam', transportId: send, rtpParameters: picture(3) })
  const vera = house.visitor()
  const { routerCapabilities } = await import('../media/codecs.ts')
  vera.enter({
    ticket: await house.ticket({ meeting }),
    rtpCapabilities: routerCapabilities,
    view: { tiles: [], first: 1 },
  })
  expect((await vera.frame('joined')).subscriptions).toHaveLength(1)
  await vera.call.room.setVisibleTiles.mutate({ tiles: [] })
  await vera.frame('subscription', ({ hidden }) => hidden)
})

test('closing what one sends, and leaving, is told to the others', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  const mic = await anna.visitor.call.media.produce.mutate({
    source: 'mic',
    transportId: anna.send,
    rtpParameters: sound(),
  })
  const [consumer] = (await boris.visitor.frame('subscriptions')).subscriptions
  await anna.visitor.call.media.pause.mutate(mic)
  await boris.visitor.frame('subscription', ({ publicationPaused }) => publicationPaused)
  await boris.visitor.frame('peer', ({ peer }) => peer.publications.some(({ paused }) => paused))
  await anna.visitor.call.media.resume.mutate(mic)
  await boris.visitor.frame('subscription', ({ publicationPaused }) => !publicationPaused)
  await anna.visitor.call.media.close.mutate(mic)
  expect(await boris.visitor.frame('subscriptionClosed')).toMatchObject({ id: consumer?.id })
  await anna.visitor.call.room.leave.mutate()
  expect(await anna.visitor.frame('ended')).toMatchObject({ reason: 'left' })
  expect(await boris.visitor.frame('peerGone')).toMatchObject({ seatId: anna.seat })
})

test('a room ends with its last peer', async () => {
  const meeting = newMeeting()
  const anna = await enter(meeting)
  expect(house.node.rooms.some(({ meetingId }) => meetingId === meeting)).toBe(true)
  await anna.visitor.call.room.leave.mutate()
  expect(house.node.rooms.some(({ meetingId }) => meetingId === meeting)).toBe(false)
})

test('a seat sends only what it has the capability for', async () => {
  const { visitor, send } = await enter(newMeeting(), { caps: ['mic', 'chat'] })
  const produce = (source: 'cam' | 'screen' | 'screenSound') =>
    refusal(
      visitor.call.media.produce.mutate({
        source,
        transportId: send,
        rtpParameters: source === 'screenSound' ? sound() : picture(2),
      }),
    )
  expect([await produce('cam'), await produce('screen'), await produce('screenSound')]).toEqual(
    Array(3).fill('call.forbidden'),
  )
})

test('a source is sent once: what is made again takes the place of what was before', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  const produce = () =>
    anna.visitor.call.media.produce.mutate({ source: 'mic', transportId: anna.send, rtpParameters: sound() })
  const first = await produce()
  const second = await produce()
  const { peer } = await boris.visitor.frame('peer', ({ peer: { publications } }) =>
    publications.some(({ id }) => id === second.id),
  )
  expect(peer.publications.map(({ id }) => id)).toEqual([second.id])
  expect(second.id).not.toBe(first.id)
})

test('only own transports are sent on, and more layers than a source has are refused', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  const { produce } = boris.visitor.call.media
  expect(await refusal(produce.mutate({ source: 'mic', transportId: anna.send, rtpParameters: sound() }))).toBe(
    'call.media_lost',
  )
  expect(
    await refusal(produce.mutate({ source: 'mic', transportId: boris.joined.recv.id, rtpParameters: sound() })),
  ).toBe('call.media_lost')
  expect(await refusal(produce.mutate({ source: 'screen', transportId: boris.send, rtpParameters: picture(3) }))).toBe(
    'call.limit',
  )
})

test('a camera as a microphone, and a codec that the room does not speak, are refused', async () => {
  const { visitor, send } = await enter(newMeeting())
  const { produce } = visitor.call.media
  expect(await refusal(produce.mutate({ source: 'mic', transportId: send, rtpParameters: picture(1) }))).toBe(
    'call.media_refused',
  )
  const other = picture(1)
  other.codecs[0]!.mimeType = 'video/H264'
  expect(await refusal(produce.mutate({ source: 'cam', transportId: send, rtpParameters: other }))).toBe(
    'call.media_refused',
  )
})

test('a connect whose answer was lost is repeated; with another fingerprint it is refused', async () => {
  const { visitor, send } = await enter(newMeeting())
  await visitor.call.transport.connect.mutate({ transportId: send, dtlsParameters })
  await visitor.call.transport.connect.mutate({ transportId: send, dtlsParameters })
  const value = dtlsParameters.fingerprints[0]!.value.replaceAll('AB', 'CD')
  const other = { role: 'client' as const, fingerprints: [{ algorithm: 'sha-256' as const, value }] }
  expect(await refusal(visitor.call.transport.connect.mutate({ transportId: send, dtlsParameters: other }))).toBe(
    'call.media_refused',
  )
})

test('ICE restarts with new words on the same transport', async () => {
  const { visitor, joined } = await enter(newMeeting())
  const fresh = await visitor.call.transport.restartIce.mutate({ transportId: joined.recv.id })
  expect(fresh.usernameFragment).not.toBe(joined.recv.iceParameters.usernameFragment)
})

test('a renewed receiving transport brings all subscriptions anew, beside the old ones', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  await anna.visitor.call.media.produce.mutate({ source: 'mic', transportId: anna.send, rtpParameters: sound() })
  const [old] = (await boris.visitor.frame('subscriptions')).subscriptions
  const fresh = await boris.visitor.call.transport.replace.mutate({ direction: 'recv' })
  const { subscriptions } = await boris.visitor.frame(
    'subscriptions',
    ({ subscriptions: [one] }) => one?.transportId === fresh.id,
  )
  expect(subscriptions).toMatchObject([{ publicationId: old?.publicationId, source: 'mic' }])
  expect(boris.visitor.frames.some(({ type }) => type === 'subscriptionClosed')).toBe(false)
})

test('renewing again and again never holds more than two transports a direction', async () => {
  const { visitor, joined } = await enter(newMeeting())
  const ids = []
  for (let turn = 0; turn < 4; turn += 1)
    ids.push((await visitor.call.transport.replace.mutate({ direction: 'send' })).id)
  const outcomes = await Promise.all(
    ids.map((transportId) => refusal(visitor.call.transport.restartIce.mutate({ transportId }))),
  )
  expect(outcomes).toEqual(['call.media_lost', 'call.media_lost', 'call.media_lost', 'accepted'])
  expect(await refusal(visitor.call.transport.restartIce.mutate({ transportId: joined.send.id }))).toBe('accepted')
})

test('what is sent on a renewed transport replaces what was sent on the old one', async () => {
  const meeting = newMeeting()
  const [anna, boris] = [await enter(meeting), await enter(meeting)]
  const old = await anna.visitor.call.media.produce.mutate({
    source: 'mic',
    transportId: anna.send,
    rtpParameters: sound(),
  })
  const fresh = await anna.visitor.call.transport.replace.mutate({ direction: 'send' })
  const made = await anna.visitor.call.media.produce.mutate({
    source: 'mic',
    transportId: fresh.id,
    rtpParameters: sound(),
  })
  await boris.visitor.frame('subscriptions', ({ subscriptions: [one] }) => one?.publicationId === made.id)
  await boris.visitor.frame('subscriptionClosed')
  const { peer } = await boris.visitor.frame(
    'peer',
    ({ peer: { publications } }) => publications.length === 1 && publications[0]?.id === made.id,
  )
  expect(peer.publications.some(({ id }) => id === old.id)).toBe(false)
})

test('whoever has not joined may do nothing', async () => {
  const stranger = house.visitor()
  expect(await refusal(stranger.call.room.leave.mutate())).toBe('call.not_joined')
  expect(await refusal(stranger.call.transport.replace.mutate({ direction: 'send' }))).toBe('call.not_joined')
})

test('a socket sits on one seat', async () => {
  const { visitor } = await enter(newMeeting())
  const { routerCapabilities } = await import('../media/codecs.ts')
  visitor.enter({
    ticket: await house.ticket({ seat: newSeat() }),
    rtpCapabilities: routerCapabilities,
    view: { tiles: [] },
  })
  expect(await visitor.over()).toBe('call.limit')
})
