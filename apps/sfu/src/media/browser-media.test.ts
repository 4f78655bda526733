import { createHash, randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import type { MeetingId } from '@veche/shared/ids'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { BrowserClient, closeBrowser } from '../test/BrowserClient.ts'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'

const clock = new ManualClock()
let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock })
})
afterAll(async () => {
  await closeBrowser()
  await testNode.close()
})

async function newCall() {
  const meeting = randomUUID() as MeetingId
  const [anna, boris] = [await BrowserClient.open(testNode), await BrowserClient.open(testNode)]
  const seats = {
    anna: (await anna.join(await testNode.newTicket({ meeting }))).seatId,
    boris: (await boris.join(await testNode.newTicket({ meeting }))).seatId,
  }
  return { anna, boris, seats, meeting }
}

const roomOf = (meeting: MeetingId) => testNode.node.rooms.find(({ meetingId }) => meetingId === meeting)!

/** Closed after the test. */
async function newBrowserClient() {
  const client = await BrowserClient.open(testNode)
  onTestFinished(() => client.close())
  return client
}

/** Closed after the test. */
async function newOwnCall() {
  const call = await newCall()
  onTestFinished(() => closeCall(call))
  await startMedia(call)
  return call
}

async function closeCall({ anna, boris }: Awaited<ReturnType<typeof newCall>>) {
  await Promise.all([anna.close(), boris.close()])
}

/** Anna sends sound and picture, and Boris receives both. */
async function startMedia({ anna, boris, seats }: Awaited<ReturnType<typeof newCall>>) {
  await boris.call('room.setVisibleTiles', { tiles: [{ seatId: seats.anna, source: 'cam', width: 640, height: 360 }] })
  const ids = [await anna.produce('mic'), await anna.produce('cam')]
  for (const id of ids) {
    const { subscriptions } = await boris.signalling.frame('subscriptions', ({ subscriptions: all }) =>
      all.some(({ publicationId }) => publicationId === id),
    )
    for (const view of subscriptions) if (view.publicationId === id) await boris.consume(view)
  }
  await mediaFlows(boris)
}

/** Waits until more pictures are decoded and more sound is heard. */
async function mediaFlows(receiver: BrowserClient) {
  const before = await receiver.stats('recv')
  const since = async () => {
    const now = await receiver.stats('recv')
    return now.frames > before.frames + 5 && now.energy > before.energy
  }
  // In a hook there is no expect.poll.
  await vi.waitUntil(since, { timeout: 120_000, interval: 100 })
}

/** Waits until this many more packets have left. */
async function packetsSent(sender: BrowserClient, count: number) {
  const before = (await sender.stats('send')).packets
  await expect.poll(async () => (await sender.stats('send')).packets).toBeGreaterThan(before + count)
}

describe('in one running call', () => {
  let call: Awaited<ReturnType<typeof newCall>>
  beforeAll(async () => {
    call = await newCall()
    await startMedia(call)
  })
  afterAll(() => closeCall(call))

  test('sound and picture arrive in another browser, encrypted with AES-GCM', async () => {
    const { anna, boris } = call
    for (const [who, direction] of [
      [anna, 'send'],
      [boris, 'recv'],
    ] as const) {
      const { cipher, role } = await who.stats(direction)
      expect([cipher, role]).toEqual([expect.stringMatching(/AEAD_AES_(128|256)_GCM$/), 'client'])
    }
  })

  test('the node forwards nothing of a paused publication, even if the browser goes on sending', async () => {
    const { anna, boris, meeting, seats } = call
    const ids = roomOf(meeting)
      .publicationsOf(seats.anna)
      .map(({ id }) => id)
    for (const id of ids) await anna.call('media.pause', { id })
    const arrivedWhileSending = async (count: number) => {
      const before = (await boris.stats('recv')).packets
      await packetsSent(anna, count)
      return (await boris.stats('recv')).packets - before
    }
    // Packets sent before the pause may arrive late. After them nothing arrives, however much is sent.
    await expect.poll(() => arrivedWhileSending(100)).toBe(0)
    expect(ids).toHaveLength(2)
    for (const id of ids) await anna.call('media.resume', { id })
    await mediaFlows(boris)
  })

  test('garbage on the media port does not disturb a running call', async () => {
    const { boris } = call
    const socket = createSocket('udp4')
    for (let index = 0; index < 3_000; index += 1) {
      const first = Buffer.from(['', '0001', '16fefd', '80e0', '81c9'][index % 5]!, 'hex')
      const noise = createHash('shake256', { outputLength: 200 }).update(String(index)).digest()
      socket.send(Buffer.concat([first, noise]), testNode.node.workers[0]!.port, '127.0.0.1')
    }
    await mediaFlows(boris)
    socket.close()
  })

  test('a call goes on over the same transports after an ICE restart', async () => {
    const { anna, boris } = call
    const iceParameters = await anna.signalling.call.transport.restartIce.mutate({
      transportId: anna.signalling.joined.send.id,
    })
    await anna.restart('send', iceParameters)
    await mediaFlows(boris)
  })
})

test('a browser that sends above the bitrate limit is paused on the node, and closed when it goes on', async () => {
  const meeting = randomUUID() as MeetingId
  const anna = await newBrowserClient()
  const { seatId } = await anna.join(await testNode.newTicket({ meeting }))
  const id = await anna.produceNoise()
  const peer = roomOf(meeting).peer(seatId)!
  /** Sends this many packets and lets one second pass. */
  const second = async (packets: number) => {
    await packetsSent(anna, packets)
    clock.advance(1_000)
    await peer.lastCheck
    // All earlier frames have arrived when this is answered.
    await anna.signalling.call.room.setVisibleTiles.mutate({ tiles: [] })
    return anna.signalling.frames.filter((frame) => frame.type === 'publicationStopped').map(({ closed }) => closed)
  }
  await expect.poll(() => second(150)).toEqual([false])
  expect(peer.publications.views()).toMatchObject([{ id, paused: true }])
  await expect.poll(() => second(80)).toEqual([false, true])
  expect(peer.publications.views()).toEqual([])
})

test('a browser with another certificate than it announced loses its transport and may connect a new one with the right certificate', async () => {
  const meeting = randomUUID() as MeetingId
  const client = await newBrowserClient()
  const { seatId, send } = await client.join(await testNode.newTicket({ meeting }), true)
  const { transports } = roomOf(meeting).peer(seatId)!
  const states: string[] = []
  transports.newest('send').observer.on('dtlsstatechange', (state) => states.push(state))
  // The transport may close before the call is answered.
  await client.produce('mic').catch(() => undefined)
  expect(await client.signalling.frame('transportClosed')).toMatchObject({ id: send.id, reason: 'handshake' })
  expect([states.at(-1), states.includes('connected')]).toEqual(['failed', false])
  await client.open('send', await client.signalling.call.transport.replace.mutate({ direction: 'send' }))
  await client.produce('mic')
  await expect.poll(async () => (await transports.measure()).streams).toBeGreaterThan(0)
})

test('a peer without a socket is neither away nor given up while its media flows', async () => {
  const call = await newOwnCall()
  const peer = roomOf(call.meeting).peer(call.seats.anna)!
  const { secret } = call.anna.signalling.joined
  call.anna.signalling.dropSocket()
  await expect.poll(() => peer.isAttached).toBe(false)
  for (let seconds = 0; seconds < 40; seconds += 4) {
    await packetsSent(call.anna, 3)
    clock.advance(4_000)
    await peer.lastCheck
  }
  expect([peer.away, peer.ended]).toEqual([false, null])
  await mediaFlows(call.boris)
  expect(await testNode.newClient().resume(secret)).toMatchObject({
    resumed: true,
    publications: [{ source: 'mic' }, { source: 'cam' }],
  })
})

test('a replacement transport takes over when it is connected, and the old one is closed', async () => {
  const call = await newOwnCall()
  const fresh = await call.anna.signalling.call.transport.replace.mutate({ direction: 'send' })
  await call.anna.open('send', fresh)
  const id = await call.anna.produce('mic')
  const { subscriptions } = await call.boris.signalling.frame(
    'subscriptions',
    ({ subscriptions: [one] }) => one?.publicationId === id,
  )
  await call.boris.consume(subscriptions[0]!)
  await call.boris.signalling.frame(
    'peer',
    ({ peer: { publications } }) => publications.length === 1 && publications[0]?.id === id,
  )
  const again = await call.boris.signalling.call.transport.replace.mutate({ direction: 'recv' })
  const renewed = await call.boris.signalling.frame(
    'subscriptions',
    ({ subscriptions: [one] }) => one?.transportId === again.id,
  )
  const old = call.boris.signalling.frames.filter(({ type }) => type === 'subscriptionClosed').length
  await call.boris.open('recv', again)
  await call.boris.consume(renewed.subscriptions[0]!)
  await expect
    .poll(() => call.boris.signalling.frames.filter(({ type }) => type === 'subscriptionClosed').length)
    .toBe(old + 1)
  const before = await call.boris.stats('recv')
  await expect.poll(async () => (await call.boris.stats('recv')).energy).toBeGreaterThan(before.energy)
})
