import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { promisify } from 'node:util'
import type { MeetingId } from '@veche/shared/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JoinedFrame } from '../signalling/frames.ts'
import { MediaWorker } from './MediaWorker.ts'
import { newDeps, newTestNode, type TestNode, waitForWorker } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'

const clock = new ManualClock()
let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock, env: { SFU_WORKERS: '2' } })
})
afterAll(() => testNode.close())

async function enter(meeting = randomUUID() as MeetingId) {
  const client = testNode.newClient()
  const joined = await client.join(await testNode.newTicket({ meeting }))
  const room = testNode.node.rooms.find(({ meetingId }) => meetingId === meeting)
  return { client, joined, worker: room!.worker, meeting }
}

const portsOf = ({ send }: JoinedFrame) => send.iceCandidates.map(({ protocol, port }) => `${protocol} ${port}`)

test('rooms are spread over the media workers', async () => {
  const [anna, boris] = [await enter(), await enter()]
  expect(anna.worker.index).not.toBe(boris.worker.index)
  await Promise.all([anna.client.call.room.leave.mutate(), boris.client.call.room.leave.mutate()])
})

test('a media worker that has too much memory is killed and starts anew', async () => {
  testNode.deps.metrics.deaths.reset()
  const { client, worker } = await enter()
  const { pid } = worker
  const allowed = testNode.deps.env.SFU_WORKER_MEMORY
  testNode.deps.env.SFU_WORKER_MEMORY = 1
  clock.advance(1_000)
  expect(await client.frame('ended')).toMatchObject({ reason: 'lost' })
  testNode.deps.env.SFU_WORKER_MEMORY = allowed
  await Promise.all(testNode.node.workers.map(({ started }) => started))
  expect(worker.pid).not.toBe(pid)
  const { values } = await testNode.deps.metrics.deaths.get()
  expect(values[0]?.labels).toEqual({ cause: 'memory' })
})

test.runIf(existsSync('/usr/bin/ss'))(
  'the sockets of a media worker have the buffers that they were given, as far as the kernel allows',
  async () => {
    const worker = await MediaWorker.start(newDeps(), 0)
    // The kernel doubles what is asked for, and caps it before.
    const allowed = Number(await readFile('/proc/sys/net/core/rmem_max', 'utf8'))
    const { stdout } = await promisify(execFile)('ss', ['-lnuamH', `sport = :${worker.port}`])
    worker.close()
    expect(Number(/rb(\d+)/.exec(stdout)?.[1])).toBe(2 * Math.min(allowed, 2_500_000))
  },
)

/** Four seconds pass, in which only this worker answers. */
async function hang(answering: MediaWorker) {
  for (let second = 0; second < 4; second += 1) {
    clock.advance(1_000)
    await waitForWorker(answering)
  }
}

test.each([
  ['crashes', 'SIGSEGV', ['died']],
  ['hangs', 'SIGSTOP', ['silent']],
] as const)(
  'a media worker that %s is restarted on its port, and only its rooms are told',
  async (_how, signal, causes) => {
    testNode.deps.metrics.deaths.reset()
    const [anna, boris] = [await enter(), await enter()]
    const { worker } = anna
    const before = { pid: worker.pid, ports: portsOf(anna.joined) }
    process.kill(before.pid!, signal)
    if (signal === 'SIGSTOP') await hang(boris.worker)
    expect(await anna.client.frame('ended')).toMatchObject({ reason: 'lost' })
    await worker.started
    expect(worker.pid).not.toBe(before.pid)
    const { values } = await testNode.deps.metrics.deaths.get()
    expect(values.map(({ labels, value }) => [labels.cause, value])).toEqual(causes.map((cause) => [cause, 1]))
    const again = testNode.newClient()
    const joined = await again.join(
      await testNode.newTicket({ meeting: anna.meeting, seat: anna.joined.seatId, seatEpoch: 2 }),
    )
    expect([before.ports, portsOf(boris.joined)]).toContainEqual(portsOf(joined))
    await boris.client.call.room.setVisibleTiles.mutate({ tiles: [] })
    expect(boris.client.frames.some(({ type }) => type === 'ended')).toBe(false)
    await Promise.all([again.call.room.leave.mutate(), boris.client.call.room.leave.mutate()])
  },
)

test('when all media workers have died, a client that joins waits for the first one that is restarted', async () => {
  const anna = await enter()
  for (const { pid } of testNode.node.workers) process.kill(pid!, 'SIGKILL')
  await anna.client.frame('ended')
  const { joined } = await enter()
  expect(joined.send.iceCandidates.length).toBeGreaterThan(0)
})

test('a media worker measures how much of its core it uses', async () => {
  await Promise.all(testNode.node.workers.map(({ started }) => started))
  await expect
    .poll(() => testNode.pass(1_000).then(() => testNode.node.workers.some(({ load }) => load > 0)))
    .toBe(true)
  const { workers } = testNode.node.report()
  expect(workers.map(({ full }) => full)).toEqual([false, false])
})

test('the start fails with the name of the port if the media port is in use', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' ? address!.port : 0
  await expect(MediaWorker.start(newDeps({ MEDIA_PORT: String(port) }), 0)).rejects.toThrow(
    `does not start on 127.0.0.1, port ${port}`,
  )
  taken.close()
})

test("behind NAT the candidates have the public address and the machine's own address", async () => {
  const worker = await MediaWorker.start(newDeps({ ANNOUNCED_ADDRESS: '203.0.113.7' }), 0)
  const { mediaCodecs } = await import('./codecs.ts')
  const { router, server } = await worker.createRouter(mediaCodecs)
  const { iceCandidates } = await router.createWebRtcTransport({ webRtcServer: server, preferUdp: true })
  const told = iceCandidates.map(({ address, protocol }) => `${protocol} ${address}`)
  expect(told.sort()).toEqual(['tcp 127.0.0.1', 'tcp 203.0.113.7', 'udp 127.0.0.1', 'udp 203.0.113.7'])
  worker.close()
})

test('the node listens at the address of each candidate, over UDP and over TCP', async () => {
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
