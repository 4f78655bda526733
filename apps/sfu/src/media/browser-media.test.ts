import { createHash, randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import type { MeetingId } from '@veche/shared/ids'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { Caller, closeBrowser } from '../test/BrowserClient.ts'
import { newHouse, type TestHouse } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'

// Real browsers, on a machine that may have much else to do.
vi.setConfig({ testTimeout: 120_000 })

const clock = new ManualClock()
const patience = { timeout: 40_000 }
const callers: Caller[] = []
const lasting: Caller[] = []
let house: TestHouse
let begun: ReturnType<typeof newCall> | undefined
beforeAll(async () => {
  house = await newHouse({ clock })
})
afterEach(async () => {
  for (const caller of callers.splice(0)) {
    caller.visitor.close()
    await caller.close()
  }
})
afterAll(async () => {
  for (const { visitor } of lasting) visitor.close()
  await closeBrowser()
  await house.close()
})

async function newCall() {
  const meeting = randomUUID() as MeetingId
  const [anna, boris] = [await caller(), await caller()]
  const seats = {
    anna: (await anna.join(await house.ticket({ meeting }))).seatId,
    boris: (await boris.join(await house.ticket({ meeting }))).seatId,
  }
  return { anna, boris, seats, meeting }
}

const roomOf = (meeting: MeetingId) => house.node.rooms.find(({ meetingId }) => meetingId === meeting)!

/** The call of those tests that only look at one, begun by the first of them. */
function ongoing() {
  return (begun ??= begin())
}

async function begin() {
  const call = await newCall()
  lasting.push(...callers.splice(0))
  await talk(call)
  return call
}

async function caller() {
  const made = await Caller.open(house)
  callers.push(made)
  return made
}

/** Sends sound and picture, and the other has both on. */
async function talk({ anna, boris, seats }: Awaited<ReturnType<typeof newCall>>) {
  await boris.ask('room.setVisibleTiles', { tiles: [{ seatId: seats.anna, source: 'cam', width: 640, height: 360 }] })
  const ids = [await anna.produce('mic'), await anna.produce('cam')]
  for (const id of ids) {
    const { subscriptions } = await boris.visitor.frame('subscriptions', ({ subscriptions: all }) =>
      all.some(({ publicationId }) => publicationId === id),
    )
    for (const view of subscriptions) if (view.publicationId === id) await boris.consume(view)
  }
  await flows(boris)
  return ids
}

/** Pictures are decoded and sound is loud, from here on. */
async function flows(receiver: Caller) {
  const before = await receiver.figures('recv')
  const since = async () => {
    const now = await receiver.figures('recv')
    return now.frames > before.frames + 5 && now.energy > before.energy
  }
  await expect.poll(since, patience).toBe(true)
}

/** So many more packets have left. */
async function sent(sender: Caller, count: number) {
  const before = (await sender.figures('send')).packets
  await expect.poll(async () => (await sender.figures('send')).packets, patience).toBeGreaterThan(before + count)
}

test('sound and picture arrive, and the node has chosen AES-GCM', async () => {
  const { anna, boris } = await ongoing()
  for (const [who, direction] of [
    [anna, 'send'],
    [boris, 'recv'],
  ] as const) {
    const { cipher, role } = await who.figures(direction)
    expect([cipher, role]).toEqual([expect.stringMatching(/AEAD_AES_(128|256)_GCM$/), 'client'])
  }
})

test('muted on the node, nothing is forwarded, however much the browser goes on sending', async () => {
  const { anna, boris, meeting, seats } = await ongoing()
  const ids = roomOf(meeting)
    .publicationsOf(seats.anna)
    .map(({ id }) => id)
  for (const id of ids) await anna.ask('media.pause', { id })
  // What was under way has arrived by the time that more has been sent.
  await sent(anna, 30)
  const before = (await boris.figures('recv')).packets
  await sent(anna, 100)
  expect([ids.length, (await boris.figures('recv')).packets]).toEqual([2, before])
  for (const id of ids) await anna.ask('media.resume', { id })
  await flows(boris)
})

test('more than its share of bits is stopped on the node, and closed when it goes on', async () => {
  const meeting = randomUUID() as MeetingId
  const anna = await caller()
  const { seatId } = await anna.join(await house.ticket({ meeting }))
  const id = await anna.shout()
  const peer = roomOf(meeting).peer(seatId)!
  /** As if all of these packets had come within one second. */
  const second = async (packets: number) => {
    await sent(anna, packets)
    clock.advance(1_000)
    await peer.checked
    // What was told has arrived with the answer to this.
    await anna.visitor.call.room.setVisibleTiles.mutate({ tiles: [] })
    return anna.visitor.frames.filter((frame) => frame.type === 'publicationStopped').map(({ closed }) => closed)
  }
  await expect.poll(() => second(150), patience).toEqual([false])
  expect(peer.producing.views()).toMatchObject([{ id, paused: true }])
  await expect.poll(() => second(80), patience).toEqual([false, true])
  expect(peer.producing.views()).toEqual([])
})

test('garbage on the port of a call that is under way makes no difference to it', async () => {
  const { boris } = await ongoing()
  const socket = createSocket('udp4')
  for (let index = 0; index < 3_000; index += 1) {
    const first = Buffer.from(['', '0001', '16fefd', '80e0', '81c9'][index % 5]!, 'hex')
    const noise = createHash('shake256', { outputLength: 200 }).update(String(index)).digest()
    socket.send(Buffer.concat([first, noise]), house.node.workers[0]!.port, '127.0.0.1')
  }
  await flows(boris)
  socket.close()
})

test('who shows another certificate than announced is cut off and told so, and may come with the right one', async () => {
  const meeting = randomUUID() as MeetingId
  const liar = await caller()
  const { seatId, send } = await liar.join(await house.ticket({ meeting }), true)
  const { transports } = roomOf(meeting).peer(seatId)!
  const states: string[] = []
  transports.newest('send').observer.on('dtlsstatechange', (state) => states.push(state))
  // It may be over before it is answered.
  await liar.produce('mic').catch(() => undefined)
  expect(await liar.visitor.frame('transportClosed')).toMatchObject({ id: send.id, reason: 'handshake' })
  expect([states.at(-1), states.includes('connected')]).toEqual(['failed', false])
  await liar.open('send', await liar.visitor.call.transport.replace.mutate({ direction: 'send' }))
  await liar.produce('mic')
  await expect.poll(async () => (await transports.stats()).streams, patience).toBeGreaterThan(0)
})

test('while its media flows a leg without a socket is neither away nor forgotten', async () => {
  const call = await newCall()
  await talk(call)
  const peer = roomOf(call.meeting).peer(call.seats.anna)!
  const { secret } = call.anna.visitor.joined
  call.anna.visitor.cut()
  await expect.poll(() => peer.attached).toBe(false)
  for (let seconds = 0; seconds < 40; seconds += 4) {
    await sent(call.anna, 3)
    clock.advance(4_000)
    await peer.checked
  }
  expect([peer.away, peer.ended]).toEqual([false, null])
  await flows(call.boris)
  expect(await house.visitor().resume(secret)).toMatchObject({
    resumed: true,
    publications: [{ source: 'mic' }, { source: 'cam' }],
  })
})

test('a renewed transport takes over when it is connected, and the old one goes', async () => {
  const call = await newCall()
  await talk(call)
  const fresh = await call.anna.visitor.call.transport.replace.mutate({ direction: 'send' })
  await call.anna.open('send', fresh)
  const id = await call.anna.produce('mic')
  const { subscriptions } = await call.boris.visitor.frame(
    'subscriptions',
    ({ subscriptions: [one] }) => one?.publicationId === id,
  )
  await call.boris.consume(subscriptions[0]!)
  await call.boris.visitor.frame(
    'peer',
    ({ peer: { publications } }) => publications.length === 1 && publications[0]?.id === id,
  )
  const again = await call.boris.visitor.call.transport.replace.mutate({ direction: 'recv' })
  const renewed = await call.boris.visitor.frame(
    'subscriptions',
    ({ subscriptions: [one] }) => one?.transportId === again.id,
  )
  const old = call.boris.visitor.frames.filter(({ type }) => type === 'subscriptionClosed').length
  await call.boris.open('recv', again)
  await call.boris.consume(renewed.subscriptions[0]!)
  await expect
    .poll(() => call.boris.visitor.frames.filter(({ type }) => type === 'subscriptionClosed').length, patience)
    .toBe(old + 1)
  const before = await call.boris.figures('recv')
  await expect.poll(async () => (await call.boris.figures('recv')).energy, patience).toBeGreaterThan(before.energy)
})

test('a restart of ICE lets the call go on over the same transports', async () => {
  const { anna, boris } = await ongoing()
  const words = await anna.visitor.call.transport.restartIce.mutate({ transportId: anna.visitor.joined.send.id })
  await anna.restart('send', words)
  await flows(boris)
})
