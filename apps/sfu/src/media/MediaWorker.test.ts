import { randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { MeetingId } from '@veche/shared/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JoinedFrame } from '../signalling/frames.ts'
import { MediaWorker } from './MediaWorker.ts'
import { answer, newDeps, newHouse, type TestHouse } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'

const clock = new ManualClock()
let house: TestHouse
beforeAll(async () => {
  house = await newHouse({ clock, env: { SFU_WORKERS: '2' } })
})
afterAll(() => house.close())

async function enter(meeting = randomUUID() as MeetingId) {
  const visitor = house.visitor()
  const joined = await visitor.join(await house.ticket({ meeting }))
  const room = house.node.rooms.find(({ meetingId }) => meetingId === meeting)
  return { visitor, joined, worker: room!.worker, meeting }
}

const portsOf = ({ send }: JoinedFrame) => send.iceCandidates.map(({ protocol, port }) => `${protocol} ${port}`)

test('rooms are spread over the workers', async () => {
  const [anna, boris] = [await enter(), await enter()]
  expect(anna.worker.index).not.toBe(boris.worker.index)
  await Promise.all([anna.visitor.call.room.leave.mutate(), boris.visitor.call.room.leave.mutate()])
})

/** Four seconds, in which only this one answers. */
async function hang(answering: MediaWorker) {
  for (let second = 0; second < 4; second += 1) {
    clock.advance(1_000)
    await answer(answering)
  }
}

test.each([
  ['crashes', 'SIGSEGV', ['died']],
  ['hangs', 'SIGSTOP', ['silent']],
] as const)(
  'a worker that %s is made anew on its port; its rooms are told, and no others',
  async (_how, signal, causes) => {
    house.deps.metrics.deaths.reset()
    const [anna, boris] = [await enter(), await enter()]
    const { worker } = anna
    const before = { pid: worker.pid, ports: portsOf(anna.joined) }
    process.kill(before.pid!, signal)
    if (signal === 'SIGSTOP') await hang(boris.worker)
    expect(await anna.visitor.frame('ended')).toMatchObject({ reason: 'lost' })
    await worker.up
    expect(worker.pid).not.toBe(before.pid)
    const { values } = await house.deps.metrics.deaths.get()
    expect(values.map(({ labels, value }) => [labels.cause, value])).toEqual(causes.map((cause) => [cause, 1]))
    const again = house.visitor()
    const joined = await again.join(
      await house.ticket({ meeting: anna.meeting, seat: anna.joined.seatId, seatEpoch: 2 }),
    )
    expect([before.ports, portsOf(boris.joined)]).toContainEqual(portsOf(joined))
    await boris.visitor.call.room.setVisibleTiles.mutate({ tiles: [] })
    expect(boris.visitor.frames.some(({ type }) => type === 'ended')).toBe(false)
    await Promise.all([again.call.room.leave.mutate(), boris.visitor.call.room.leave.mutate()])
  },
)

test('when all workers have died at once, who comes back waits for the first of them', async () => {
  const anna = await enter()
  for (const { pid } of house.node.workers) process.kill(pid!, 'SIGKILL')
  await anna.visitor.frame('ended')
  const { joined } = await enter()
  expect(joined.send.iceCandidates.length).toBeGreaterThan(0)
})

test('a worker measures how much of its core it uses', async () => {
  await Promise.all(house.node.workers.map(({ up }) => up))
  await expect.poll(() => house.pass(1_000).then(() => house.node.workers.some(({ load }) => load > 0))).toBe(true)
  const { workers } = house.node.report()
  expect(workers.map(({ full }) => full)).toEqual([false, false])
})

test('a port that is taken is said', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' ? address!.port : 0
  await expect(MediaWorker.start(newDeps({ MEDIA_PORT: String(port) }), 0)).rejects.toThrow(
    `does not start on 127.0.0.1, port ${port}`,
  )
  taken.close()
})

test("behind NAT browsers are told both addresses, the public one and the machine's own", async () => {
  const worker = await MediaWorker.start(newDeps({ ANNOUNCED_ADDRESS: '203.0.113.7' }), 0)
  const { mediaCodecs } = await import('./codecs.ts')
  const { router, server } = await worker.createRouter(mediaCodecs)
  const { iceCandidates } = await router.createWebRtcTransport({ webRtcServer: server, preferUdp: true })
  const told = iceCandidates.map(({ address, protocol }) => `${protocol} ${address}`)
  expect(told.sort()).toEqual(['tcp 127.0.0.1', 'tcp 203.0.113.7', 'udp 127.0.0.1', 'udp 203.0.113.7'])
  worker.close()
})

test('what browsers are told listens, over UDP and over TCP', async () => {
  const { joined } = await enter()
  const [udp, tcp] = joined.send.iceCandidates
  expect([udp?.protocol, tcp?.protocol]).toEqual(['udp', 'tcp'])
  const busy = createSocket('udp4').bind(udp!.port, udp!.address)
  const [error] = (await once(busy, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('EADDRINUSE')
  const stream = connect(tcp!.port, tcp!.address)
  await once(stream, 'connect')
  stream.destroy()
})
