import { randomUUID } from 'node:crypto'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import type { MeetingUpdate, SeatUpdate } from '@veche/shared/nodes'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { routerCapabilities } from '../media/codecs.ts'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { videoParameters, audioParameters } from '../test/rtp.ts'
import { refusal, type TestClient } from '../test/TestClient.ts'

const clock = new ManualClock()
let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock })
})
afterAll(() => testNode.close())

let meeting: MeetingId
let rev = 0
beforeEach(() => {
  meeting = randomUUID() as MeetingId
  rev = 0
})

async function enter(some: Parameters<TestNode['newTicket']>[0] = {}) {
  const client = testNode.newClient()
  const joined = await client.join(await testNode.newTicket({ meeting, ...some }))
  return { client, joined, send: joined.send.id, seat: joined.seatId }
}

const publishMic = ({ client, send }: { client: TestClient; send: string }) =>
  client.call.media.produce.mutate({ source: 'mic', transportId: send, rtpParameters: audioParameters() })
const seatUpdate = (seat: SeatId, some: Partial<SeatUpdate>): SeatUpdate => ({
  seat,
  epoch: 1,
  state: 'in',
  capabilities: ['mic', 'cam', 'screen', 'chat', 'unmute'],
  ...some,
})
const update = (some: Partial<MeetingUpdate>): MeetingUpdate => ({
  meeting,
  epoch: 1,
  state: 'live',
  rev: ++rev,
  seats: [],
  ...some,
})
const room = () => testNode.node.rooms.find(({ meetingId }) => meetingId === meeting)
/** Waits until the node has noticed that a socket is gone. */
async function detached(seat: SeatId) {
  await expect.poll(() => room()?.peer(seat)?.isAttached).toBe(false)
}
/** Moves the clock second by second. The media worker answers what was asked in each second. */
async function pass(seconds: number) {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1000)
    await Promise.all((room()?.peers ?? []).map((peer) => peer.lastCheck))
  }
}

test('a client that lost only its socket resumes on another one and finds its publications and subscriptions unchanged', async () => {
  const [anna, boris] = [await enter(), await enter()]
  const mic = await publishMic(anna)
  await publishMic(boris)
  await anna.client.frame('subscriptions')
  anna.client.dropSocket()
  await detached(anna.seat)
  const again = testNode.newClient()
  const joined = await again.resume(anna.joined.secret)
  expect(joined).toMatchObject({
    resumed: true,
    seatId: anna.seat,
    send: { id: anna.send },
    publications: [{ id: mic.id }],
  })
  expect(joined.subscriptions).toMatchObject([{ seatId: boris.seat, source: 'mic' }])
  expect(joined.peers).toMatchObject([{ seatId: boris.seat }])
  expect(boris.client.frames.some(({ type }) => type === 'peerGone')).toBe(false)
})

test('a resume secret changes with each use, and the used one stays valid until the new one has arrived', async () => {
  const anna = await enter()
  anna.client.dropSocket()
  const second = testNode.newClient()
  await second.resume(anna.joined.secret)
  // The answer may have been lost with its socket, so the same secret is valid once more.
  const third = testNode.newClient()
  const joined = await third.resume(anna.joined.secret)
  await third.call.room.setVisibleTiles.mutate({ tiles: [] })
  await expect(testNode.newClient().resume(anna.joined.secret)).rejects.toThrow('call.resume_invalid')
  expect((await testNode.newClient().resume(joined.secret)).seatId).toBe(anna.seat)
})

test('an unknown resume secret, and the secret of a seat that has left, are refused', async () => {
  const anna = await enter()
  for (const secret of ['', 'x'.repeat(43), anna.joined.secret.slice(1)])
    await expect(testNode.newClient().resume(secret)).rejects.toThrow('call.resume_invalid')
  await anna.client.call.room.leave.mutate()
  await expect(testNode.newClient().resume(anna.joined.secret)).rejects.toThrow('call.resume_invalid')
})

test('a resume closes the old socket of the peer without an ended frame, even if it still looks open', async () => {
  const anna = await enter()
  const again = testNode.newClient()
  await again.resume(anna.joined.secret)
  await expect.poll(() => anna.client.socket.readyState).toBe(3)
  expect(anna.client.frames.some(({ type }) => type === 'ended')).toBe(false)
  await again.call.room.setVisibleTiles.mutate({ tiles: [] })
})

test('a peer without a socket and without media for thirty seconds ends, and the others are told', async () => {
  const [anna, boris] = [await enter(), await enter()]
  anna.client.dropSocket()
  await detached(anna.seat)
  await pass(6)
  expect(await boris.client.frame('peer', ({ peer }) => peer.away)).toMatchObject({ peer: { seatId: anna.seat } })
  expect(room()?.seats()).toContainEqual({ seat: anna.seat, epoch: 1, state: 'away' })
  await pass(26)
  expect(await boris.client.frame('peerGone')).toMatchObject({ seatId: anna.seat })
  await expect(testNode.newClient().resume(anna.joined.secret)).rejects.toThrow('call.resume_invalid')
})

test('a client that resumes within thirty seconds is no longer away', async () => {
  const [anna, boris] = [await enter(), await enter()]
  anna.client.dropSocket()
  await detached(anna.seat)
  await pass(20)
  await boris.client.frame('peer', ({ peer }) => peer.away)
  await testNode.newClient().resume(anna.joined.secret)
  await pass(1)
  const last = () => boris.client.frames.filter((frame) => frame.type === 'peer').at(-1)
  await expect.poll(() => last()?.peer.away).toBe(false)
})

test('a newer peer takes the seat over: the old peer is told, and each of its publications flows until the newer peer sends the same source', async () => {
  const [anna, boris] = [await enter(), await enter()]
  const [mic, cam] = [
    await publishMic(anna),
    await anna.client.call.media.produce.mutate({
      source: 'cam',
      transportId: anna.send,
      rtpParameters: videoParameters(3),
    }),
  ]
  const phone = await enter({ seat: anna.seat, seatEpoch: 2 })
  expect(await anna.client.frame('ended')).toMatchObject({ reason: 'taken_over' })
  expect(phone.joined).toMatchObject({ publications: [], subscriptions: [] })
  const fresh = await publishMic(phone)
  const both = await boris.client.frame(
    'peer',
    ({ peer: { publications } }) => publications.some(({ id }) => id === fresh.id) && publications.length === 2,
  )
  expect(both.peer.publications.map(({ id }) => id).sort()).toEqual([fresh.id, cam.id].sort())
  expect(both.peer.publications.some(({ id }) => id === mic.id)).toBe(false)
  clock.advance(10_000)
  await boris.client.frame(
    'peer',
    ({ peer: { publications } }) => publications.length === 1 && publications[0]?.id === fresh.id,
  )
  expect(boris.client.frames.some(({ type }) => type === 'peerGone')).toBe(false)
  expect(await refusal(anna.client.call.room.setVisibleTiles.mutate({ tiles: [] }))).not.toBe('accepted')
})

test('a ticket with the seat epoch of the current peer, or an older one, is refused and changes nothing', async () => {
  const anna = await enter({ seatEpoch: 3 })
  for (const seatEpoch of [2, 3])
    await expect(enter({ seat: anna.seat, seatEpoch })).rejects.toThrow('call.ticket_invalid')
  await anna.client.call.room.setVisibleTiles.mutate({ tiles: [] })
})

test('a ticket with a newer epoch of the meeting ends the old room on this node', async () => {
  const anna = await enter()
  await enter({ meetingEpoch: 2 })
  expect(await anna.client.frame('ended')).toMatchObject({ reason: 'moved' })
  await expect(enter({ meetingEpoch: 1 })).rejects.toThrow('call.ticket_invalid')
})

test('a taken capability stops the publication on the node, and only its owner resumes it after the capability is back', async () => {
  const [anna, boris] = [await enter(), await enter()]
  const mic = await publishMic(anna)
  await boris.client.frame('subscriptions')
  testNode.node.applyUpdate(update({ seats: [seatUpdate(anna.seat, { capabilities: ['chat'] })] }))
  expect(await anna.client.frame('capabilities')).toMatchObject({ capabilities: ['chat'] })
  expect(await anna.client.frame('publicationStopped')).toMatchObject({
    id: mic.id,
    source: 'mic',
    reason: 'capability',
    closed: false,
  })
  await boris.client.frame('subscription', ({ publicationPaused }) => publicationPaused)
  const { media } = anna.client.call
  expect(await refusal(media.resume.mutate(mic))).toBe('call.forbidden')
  expect(await refusal(publishMic(anna))).toBe('call.forbidden')
  testNode.node.applyUpdate(update({ seats: [seatUpdate(anna.seat, {})] }))
  await anna.client.frame('capabilities', ({ capabilities }) => capabilities.includes('mic'))
  expect(room()?.publicationsOf(anna.seat)).toMatchObject([{ paused: true }])
  await media.resume.mutate(mic)
  await boris.client.frame('subscription', ({ publicationPaused }) => !publicationPaused)
})

test('a capability that was taken after a ticket was signed does not come back with that ticket', async () => {
  const boris = await enter()
  const seat = randomUUID() as SeatId
  testNode.node.applyUpdate(update({ seats: [seatUpdate(seat, { capabilities: ['chat'] })] }))
  const anna = await enter({ seat })
  expect(anna.joined.capabilities).toEqual(['chat'])
  expect(await refusal(publishMic(anna))).toBe('call.forbidden')
  // A newer ticket was signed after the capability was taken.
  const again = await enter({ seat, seatEpoch: 2 })
  expect(again.joined.capabilities).toContain('mic')
  await boris.client.call.room.leave.mutate()
})

test('an older update does not undo a newer one, and only the answer to a heartbeat moves the revision', async () => {
  const anna = await enter()
  const capabilities = () => room()?.peer(anna.seat)?.capabilities
  expect(
    testNode.node.applyUpdate(update({ rev: 6, seats: [seatUpdate(anna.seat, { capabilities: ['chat'] })] })),
  ).toBe(0)
  await testNode.node.applyHeartbeatAnswer({
    now: Date.now(),
    keys: testNode.api.signers,
    wantCapabilities: false,
    meetings: [update({ rev: 5, seats: [seatUpdate(anna.seat, { capabilities: ['mic'] })] })],
  })
  expect([capabilities(), room()?.rev]).toEqual([['chat'], 5])
  await testNode.node.applyHeartbeatAnswer({
    now: Date.now(),
    keys: testNode.api.signers,
    wantCapabilities: false,
    meetings: [update({ rev: 7, seats: [seatUpdate(anna.seat, { capabilities: ['cam'] })] })],
  })
  expect([capabilities(), room()?.rev]).toEqual([['cam'], 7])
})

test('a removed seat ends at once with its publications, and neither its ticket nor its secret lets it in again', async () => {
  const [anna, boris] = [await enter(), await enter()]
  await publishMic(anna)
  await boris.client.frame('subscriptions')
  testNode.node.applyUpdate(update({ seats: [seatUpdate(anna.seat, { state: 'removed' })] }))
  expect(await anna.client.frame('ended')).toMatchObject({ reason: 'removed' })
  await boris.client.frame('subscriptionClosed')
  await boris.client.frame('peerGone')
  await expect(enter({ seat: anna.seat, seatEpoch: 1 })).rejects.toThrow('call.ticket_invalid')
  await expect(testNode.newClient().resume(anna.joined.secret)).rejects.toThrow('call.resume_invalid')
})

test('an update with a newer seat epoch takes the seat over, and an update that says left ends the peer', async () => {
  const [anna, boris] = [await enter(), await enter()]
  testNode.node.applyUpdate(
    update({ seats: [seatUpdate(anna.seat, { epoch: 2 }), seatUpdate(boris.seat, { state: 'left' })] }),
  )
  expect(await anna.client.frame('ended')).toMatchObject({ reason: 'taken_over' })
  expect(await boris.client.frame('ended')).toMatchObject({ reason: 'left' })
})

test('an update that a meeting has ended or moved closes its room, and an update of an older epoch does not', async () => {
  const anna = await enter({ meetingEpoch: 2 })
  testNode.node.applyUpdate(update({ epoch: 1, state: 'moved' }))
  await anna.client.call.room.setVisibleTiles.mutate({ tiles: [] })
  testNode.node.applyUpdate(update({ epoch: 3, state: 'moved' }))
  expect(await anna.client.frame('ended')).toMatchObject({ reason: 'moved' })
  meeting = randomUUID() as MeetingId
  const boris = await enter()
  testNode.node.applyUpdate(update({ state: 'ended' }))
  expect(await boris.client.frame('ended')).toMatchObject({ reason: 'meeting_ended' })
  await expect(enter()).rejects.toThrow('call.ticket_invalid')
})

test.each([
  ['ended', () => void testNode.node.applyUpdate(update({ state: 'ended' }))],
  ['lost its worker', () => void process.kill(room()!.worker.pid!, 'SIGKILL')],
])('when a meeting has %s, each peer is told that in one frame and nothing else', async (_what, happen) => {
  const all = [await enter(), await enter(), await enter()]
  for (const one of all) await publishMic(one)
  const received = ({ client }: (typeof all)[number]) =>
    client.frames.flatMap((frame) => (frame.type === 'subscriptions' ? frame.subscriptions : []))
  await expect.poll(() => all.map((one) => received(one).length)).toEqual([2, 2, 2])
  // All earlier frames have arrived when this is answered.
  await Promise.all(all.map(({ client }) => client.call.room.setVisibleTiles.mutate({ tiles: [] })))
  const before = all.map(({ client }) => client.frames.length)
  happen()
  for (const { client } of all) await client.frame('ended')
  expect(all.map(({ client }, index) => client.frames.slice(before[index]).map(({ type }) => type))).toEqual(
    Array(3).fill(['ended']),
  )
  await testNode.node.workers[0]?.started
})

test('the node closes the socket after the ended frame', async () => {
  const anna = await enter()
  await anna.client.call.room.leave.mutate()
  await expect.poll(() => anna.client.socket.readyState).toBe(3)
})

test('each reconnect that a browser reports is logged and counted with its step and reason', async () => {
  const anna = await enter()
  const logged = vi.spyOn(testNode.deps.log, 'info')
  anna.client.dropSocket()
  await detached(anna.seat)
  const again = testNode.newClient()
  again.enter({ resume: anna.joined.secret, reconnect: { step: 'resume', reason: 'socket_closed' } })
  await again.frame('joined')
  const { restartIce, replace } = again.call.transport
  const silent = { step: 'restartIce', reason: 'no_media' } as const
  await restartIce.mutate({ transportId: anna.send, reconnect: silent })
  await restartIce.mutate({ transportId: anna.send })
  await replace.mutate({ direction: 'send', reconnect: { step: 'replaceTransport', reason: 'transport_failed' } })
  const reconnect = { step: 'rejoin', reason: 'node_ended' } as const
  const ticket = await testNode.newTicket({ meeting, seat: anna.seat, seatEpoch: 2 })
  const rejoined = testNode.newClient()
  rejoined.enter({ ticket, rtpCapabilities: routerCapabilities, view: { tiles: [] }, reconnect })
  await rejoined.frame('joined')
  const expected = [
    'resume socket_closed',
    'restartIce no_media',
    'replaceTransport transport_failed',
    'rejoin node_ended',
  ]
  const { values } = await testNode.deps.metrics.reconnects.get()
  expect(values.map(({ labels: { step, reason }, value }) => `${step} ${reason} ${value}`)).toEqual(
    expected.map((one) => `${one} 1`),
  )
  const lines = logged.mock.calls.filter(([, text]) => text === 'a browser reconnects').map(([fields]) => fields)
  expect(lines).toMatchObject(expected.map(() => ({ meeting, seat: anna.seat })))
  logged.mockRestore()
})

test('a hostile client cannot flood the log with reconnects, and an unknown step or reason is neither logged nor counted', async () => {
  const anna = await enter()
  const logged = vi.spyOn(testNode.deps.log, 'info')
  const { restartIce } = anna.client.call.transport
  const reconnect = { step: 'restartIce', reason: 'by_hand' } as const
  for (let count = 0; count < 30; count += 1) await restartIce.mutate({ transportId: anna.send, reconnect })
  expect(logged).toHaveBeenCalledTimes(10)
  const unknown = { step: 'restartIce', reason: 'boredom' } as never
  await restartIce.mutate({ transportId: anna.send, reconnect: unknown })
  const { values } = await testNode.deps.metrics.reconnects.get()
  expect(values.some(({ labels }) => labels.reason === 'boredom')).toBe(false)
  logged.mockRestore()
})
