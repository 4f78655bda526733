import { randomUUID } from 'node:crypto'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import type { MeetingUpdate, SeatUpdate } from '@veche/shared/nodes'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newHouse, type TestHouse } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { picture, sound } from '../test/rtp.ts'
import { refusal, type Visitor } from '../test/TestClient.ts'

const clock = new ManualClock()
let house: TestHouse
beforeAll(async () => {
  house = await newHouse({ clock })
})
afterAll(() => house.close())

let meeting: MeetingId
let rev = 0
beforeEach(() => {
  meeting = randomUUID() as MeetingId
  rev = 0
})

async function enter(some: Parameters<TestHouse['ticket']>[0] = {}) {
  const visitor = house.visitor()
  const joined = await visitor.join(await house.ticket({ meeting, ...some }))
  return { visitor, joined, send: joined.send.id, seat: joined.seatId }
}

const speak = ({ visitor, send }: { visitor: Visitor; send: string }) =>
  visitor.call.media.produce.mutate({ source: 'mic', transportId: send, rtpParameters: sound() })
const seatUpdate = (seat: SeatId, some: Partial<SeatUpdate>): SeatUpdate => ({
  seat,
  epoch: 1,
  state: 'in',
  caps: ['mic', 'cam', 'screen', 'chat', 'unmute'],
  ...some,
})
const order = (some: Partial<MeetingUpdate>): MeetingUpdate => ({
  meeting,
  epoch: 1,
  state: 'live',
  rev: ++rev,
  seats: [],
  ...some,
})
const room = () => house.node.rooms.find(({ meetingId }) => meetingId === meeting)
/** Until the node has noticed that a socket is gone. */
async function gone(seat: SeatId) {
  await expect.poll(() => room()?.peer(seat)?.attached).toBe(false)
}
/** Seconds go by one after the other, each with what the media worker answers in it. */
async function pass(seconds: number) {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1000)
    await Promise.all((room()?.legs ?? []).map((leg) => leg.checked))
  }
}

test('who lost only the socket is back on another, with what they sent and received as it was', async () => {
  const [anna, boris] = [await enter(), await enter()]
  const mic = await speak(anna)
  await speak(boris)
  await anna.visitor.frame('subscriptions')
  anna.visitor.cut()
  await gone(anna.seat)
  const again = house.visitor()
  const joined = await again.resume(anna.joined.secret)
  expect(joined).toMatchObject({
    resumed: true,
    seatId: anna.seat,
    send: { id: anna.send },
    publications: [{ id: mic.id }],
  })
  expect(joined.subscriptions).toMatchObject([{ seatId: boris.seat, source: 'mic' }])
  expect(joined.peers).toMatchObject([{ seatId: boris.seat }])
  expect(boris.visitor.frames.some(({ type }) => type === 'peerGone')).toBe(false)
})

test('a secret changes with each use; the used one is good until the new one is known to have arrived', async () => {
  const anna = await enter()
  anna.visitor.cut()
  const second = house.visitor()
  await second.resume(anna.joined.secret)
  // The answer may have been lost with its socket: the same secret opens once more.
  const third = house.visitor()
  const joined = await third.resume(anna.joined.secret)
  await third.call.room.setVisibleTiles.mutate({ tiles: [] })
  await expect(house.visitor().resume(anna.joined.secret)).rejects.toThrow('call.resume_invalid')
  expect((await house.visitor().resume(joined.secret)).seatId).toBe(anna.seat)
})

test('a secret that is none, and one of a seat that has left, open nothing', async () => {
  const anna = await enter()
  for (const secret of ['', 'x'.repeat(43), anna.joined.secret.slice(1)])
    await expect(house.visitor().resume(secret)).rejects.toThrow('call.resume_invalid')
  await anna.visitor.call.room.leave.mutate()
  await expect(house.visitor().resume(anna.joined.secret)).rejects.toThrow('call.resume_invalid')
})

test('the old socket may still look open: it is closed, and says nothing for this seat any more', async () => {
  const anna = await enter()
  const again = house.visitor()
  await again.resume(anna.joined.secret)
  await expect.poll(() => anna.visitor.socket.readyState).toBe(3)
  expect(anna.visitor.frames.some(({ type }) => type === 'ended')).toBe(false)
  await again.call.room.setVisibleTiles.mutate({ tiles: [] })
})

test('nobody came back within thirty seconds and no media flows: the leg is over, and the others hear it', async () => {
  const [anna, boris] = [await enter(), await enter()]
  anna.visitor.cut()
  await gone(anna.seat)
  await pass(6)
  expect(await boris.visitor.frame('peer', ({ peer }) => peer.away)).toMatchObject({ peer: { seatId: anna.seat } })
  expect(room()?.seats()).toContainEqual({ seat: anna.seat, epoch: 1, state: 'away' })
  await pass(26)
  expect(await boris.visitor.frame('peerGone')).toMatchObject({ seatId: anna.seat })
  await expect(house.visitor().resume(anna.joined.secret)).rejects.toThrow('call.resume_invalid')
})

test('whoever comes back before that is no longer away', async () => {
  const [anna, boris] = [await enter(), await enter()]
  anna.visitor.cut()
  await gone(anna.seat)
  await pass(20)
  await boris.visitor.frame('peer', ({ peer }) => peer.away)
  await house.visitor().resume(anna.joined.secret)
  await pass(1)
  const last = () => boris.visitor.frames.filter((frame) => frame.type === 'peer').at(-1)
  await expect.poll(() => last()?.peer.away).toBe(false)
})

test('joining elsewhere takes the seat over: the old place hears it, and what it sends flows until the new one sends the same', async () => {
  const [anna, boris] = [await enter(), await enter()]
  const [mic, cam] = [
    await speak(anna),
    await anna.visitor.call.media.produce.mutate({ source: 'cam', transportId: anna.send, rtpParameters: picture(3) }),
  ]
  const phone = await enter({ seat: anna.seat, seatEpoch: 2 })
  expect(await anna.visitor.frame('ended')).toMatchObject({ reason: 'taken_over' })
  expect(phone.joined).toMatchObject({ publications: [], subscriptions: [] })
  const fresh = await speak(phone)
  const both = await boris.visitor.frame(
    'peer',
    ({ peer: { publications } }) => publications.some(({ id }) => id === fresh.id) && publications.length === 2,
  )
  expect(both.peer.publications.map(({ id }) => id).sort()).toEqual([fresh.id, cam.id].sort())
  expect(both.peer.publications.some(({ id }) => id === mic.id)).toBe(false)
  clock.advance(10_000)
  await boris.visitor.frame(
    'peer',
    ({ peer: { publications } }) => publications.length === 1 && publications[0]?.id === fresh.id,
  )
  expect(boris.visitor.frames.some(({ type }) => type === 'peerGone')).toBe(false)
  expect(await refusal(anna.visitor.call.room.setVisibleTiles.mutate({ tiles: [] }))).not.toBe('accepted')
})

test('a ticket of the seat that is as old as the leg in place, or older, changes nothing', async () => {
  const anna = await enter({ seatEpoch: 3 })
  for (const seatEpoch of [2, 3])
    await expect(enter({ seat: anna.seat, seatEpoch })).rejects.toThrow('call.ticket_invalid')
  await anna.visitor.call.room.setVisibleTiles.mutate({ tiles: [] })
})

test('a ticket with a newer epoch of the meeting ends what is left of its former stay here', async () => {
  const anna = await enter()
  await enter({ meetingEpoch: 2 })
  expect(await anna.visitor.frame('ended')).toMatchObject({ reason: 'moved' })
  await expect(enter({ meetingEpoch: 1 })).rejects.toThrow('call.ticket_invalid')
})

test('a right that is taken stops the stream on the node; to go on needs the right and its owner', async () => {
  const [anna, boris] = [await enter(), await enter()]
  const mic = await speak(anna)
  await boris.visitor.frame('subscriptions')
  house.node.nudge(order({ seats: [seatUpdate(anna.seat, { caps: ['chat'] })] }))
  expect(await anna.visitor.frame('caps')).toMatchObject({ caps: ['chat'] })
  expect(await anna.visitor.frame('publicationStopped')).toMatchObject({
    id: mic.id,
    source: 'mic',
    reason: 'capability',
    closed: false,
  })
  await boris.visitor.frame('subscription', ({ publicationPaused }) => publicationPaused)
  const { media } = anna.visitor.call
  expect(await refusal(media.resume.mutate(mic))).toBe('call.forbidden')
  expect(await refusal(speak(anna))).toBe('call.forbidden')
  house.node.nudge(order({ seats: [seatUpdate(anna.seat, {})] }))
  await anna.visitor.frame('caps', ({ caps }) => caps.includes('mic'))
  expect(room()?.publicationsOf(anna.seat)).toMatchObject([{ paused: true }])
  await media.resume.mutate(mic)
  await boris.visitor.frame('subscription', ({ publicationPaused }) => !publicationPaused)
})

test('a right that was taken while its owner was on the way with a ticket is not brought back by the ticket', async () => {
  const boris = await enter()
  const seat = randomUUID() as SeatId
  house.node.nudge(order({ seats: [seatUpdate(seat, { caps: ['chat'] })] }))
  const anna = await enter({ seat })
  expect(anna.joined.caps).toEqual(['chat'])
  expect(await refusal(speak(anna))).toBe('call.forbidden')
  // A newer ticket was given later than that.
  const again = await enter({ seat, seatEpoch: 2 })
  expect(again.joined.caps).toContain('mic')
  await boris.visitor.call.room.leave.mutate()
})

test('an older order does not undo a newer one, and only the heartbeat moves the revision', async () => {
  const anna = await enter()
  const caps = () => room()?.peer(anna.seat)?.caps
  expect(house.node.nudge(order({ rev: 6, seats: [seatUpdate(anna.seat, { caps: ['chat'] })] }))).toBe(0)
  await house.node.hear({
    now: Date.now(),
    keys: house.api.signers,
    wantCapabilities: false,
    meetings: [order({ rev: 5, seats: [seatUpdate(anna.seat, { caps: ['mic'] })] })],
  })
  expect([caps(), room()?.rev]).toEqual([['chat'], 5])
  await house.node.hear({
    now: Date.now(),
    keys: house.api.signers,
    wantCapabilities: false,
    meetings: [order({ rev: 7, seats: [seatUpdate(anna.seat, { caps: ['cam'] })] })],
  })
  expect([caps(), room()?.rev]).toEqual([['cam'], 7])
})

test('a removed seat is closed at once, with what it sends, and its ticket opens nothing', async () => {
  const [anna, boris] = [await enter(), await enter()]
  await speak(anna)
  await boris.visitor.frame('subscriptions')
  house.node.nudge(order({ seats: [seatUpdate(anna.seat, { state: 'removed' })] }))
  expect(await anna.visitor.frame('ended')).toMatchObject({ reason: 'removed' })
  await boris.visitor.frame('subscriptionClosed')
  await boris.visitor.frame('peerGone')
  await expect(enter({ seat: anna.seat, seatEpoch: 1 })).rejects.toThrow('call.ticket_invalid')
  await expect(house.visitor().resume(anna.joined.secret)).rejects.toThrow('call.resume_invalid')
})

test('a seat that has a newer ticket for elsewhere is taken over; one that was left is closed', async () => {
  const [anna, boris] = [await enter(), await enter()]
  house.node.nudge(order({ seats: [seatUpdate(anna.seat, { epoch: 2 }), seatUpdate(boris.seat, { state: 'left' })] }))
  expect(await anna.visitor.frame('ended')).toMatchObject({ reason: 'taken_over' })
  expect(await boris.visitor.frame('ended')).toMatchObject({ reason: 'left' })
})

test('a meeting that has ended or moved closes its room, and an order of an older place does not', async () => {
  const anna = await enter({ meetingEpoch: 2 })
  house.node.nudge(order({ epoch: 1, state: 'moved' }))
  await anna.visitor.call.room.setVisibleTiles.mutate({ tiles: [] })
  house.node.nudge(order({ epoch: 3, state: 'moved' }))
  expect(await anna.visitor.frame('ended')).toMatchObject({ reason: 'moved' })
  meeting = randomUUID() as MeetingId
  const boris = await enter()
  house.node.nudge(order({ state: 'ended' }))
  expect(await boris.visitor.frame('ended')).toMatchObject({ reason: 'meeting_ended' })
  await expect(enter()).rejects.toThrow('call.ticket_invalid')
})

test.each([
  ['ended', () => void house.node.nudge(order({ state: 'ended' }))],
  ['lost its worker', () => void process.kill(room()!.worker.pid!, 'SIGKILL')],
])('of a meeting that has %s everybody hears that, and nothing of how it came apart', async (_what, happen) => {
  const all = [await enter(), await enter(), await enter()]
  for (const one of all) await speak(one)
  const heard = ({ visitor }: (typeof all)[number]) =>
    visitor.frames.flatMap((frame) => (frame.type === 'subscriptions' ? frame.subscriptions : []))
  await expect.poll(() => all.map((one) => heard(one).length)).toEqual([2, 2, 2])
  // What was told before has arrived with the answer to this.
  await Promise.all(all.map(({ visitor }) => visitor.call.room.setVisibleTiles.mutate({ tiles: [] })))
  const before = all.map(({ visitor }) => visitor.frames.length)
  happen()
  for (const { visitor } of all) await visitor.frame('ended')
  expect(all.map(({ visitor }, index) => visitor.frames.slice(before[index]).map(({ type }) => type))).toEqual(
    Array(3).fill(['ended']),
  )
  await house.node.workers[0]?.up
})

test('after the last frame the socket is closed by the node', async () => {
  const anna = await enter()
  await anna.visitor.call.room.leave.mutate()
  await expect.poll(() => anna.visitor.socket.readyState).toBe(3)
})
