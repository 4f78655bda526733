import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { TransportView } from '../signalling/frames.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { newTestNode, type TestNode, waitForWorker } from '../test/TestNode.ts'
import { StalledTcpClient } from '../test/StalledTcpClient.ts'
import { TcpQueues } from './TcpQueues.ts'

const clock = new ManualClock()
let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock })
})
afterAll(() => testNode.close())

const meeting = randomUUID() as MeetingId

async function enter(seat = randomUUID() as SeatId, seatEpoch = 1) {
  const client = testNode.newClient()
  const joined = await client.join(await testNode.newTicket({ meeting, seat, seatEpoch }))
  return { client, joined, peer: testNode.node.rooms[0]!.peer(seat)! }
}

type Peer = Awaited<ReturnType<typeof enter>>['peer']

function waitingBytes(peer: Peer, direction: 'send' | 'recv' = 'recv'): Promise<number> {
  const { localPort, remoteIp = '', remotePort = 0 } = peer.transports.newest(direction).iceSelectedTuple!
  return new TcpQueues(clock).waitingBytes({ localPort, remoteIp, remotePort })
}

async function second(peer: Peer) {
  clock.advance(1_000)
  await peer.lastCheck
}

const worker = () => testNode.node.workers[0]!
const protocols = ({ iceCandidates }: TransportView) => iceCandidates.map(({ protocol }) => protocol)
const workerKb = async () => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${worker().pid}/status`, 'utf8'))?.[1])
/** Their answers fill the buffers of both ends, and more. */
const checks = 20_000

test('transports whose TCP connections are not read for ten seconds are closed, and their seat gets no more of them until it lets go', async () => {
  const { client, joined, peer } = await enter()
  const unread = [await StalledTcpClient.open(joined.recv), await StalledTcpClient.open(joined.send)]
  onTestFinished(() => unread.forEach((one) => one.close()))
  await Promise.all(unread.map((one) => one.send(checks)))
  for (const direction of ['recv', 'send'] as const)
    await expect.poll(() => waitingBytes(peer, direction)).toBeGreaterThan(worker().tcpQueues.fullBytes)
  for (let passed = 0; passed < 9; passed += 1) await second(peer)
  expect(peer.transports.lost).toEqual([])
  await second(peer)
  expect(peer.transports.lost).toMatchObject([{ reason: 'tcp_stalled' }, { reason: 'tcp_stalled' }])
  expect(await client.frame('transportClosed')).toMatchObject({ reason: 'tcp_stalled' })
  const before = await workerKb()
  void unread[0]!.send(checks)
  await waitForWorker(worker())
  expect((await workerKb()) - before).toBeLessThan(1_000)

  const replaced = async () => protocols(await client.call.transport.replace.mutate({ direction: 'recv' }))
  expect(await replaced()).toEqual(['udp'])
  const again = await enter(joined.seatId, 2)
  expect(protocols(again.joined.send)).toEqual(['udp'])
  expect(protocols((await enter()).joined.send)).toEqual(['udp', 'tcp'])
  unread[0]!.close()
  const next = async () => {
    clock.advance(1_000)
    return protocols(await again.client.call.transport.replace.mutate({ direction: 'recv' }))
  }
  await expect.poll(next).toEqual(['udp', 'tcp'])
})

test('a TCP connection that is read, although late, keeps its transport', async () => {
  const { joined, peer } = await enter()
  const late = await StalledTcpClient.open(joined.recv)
  onTestFinished(() => late.close())
  await late.send(checks)
  await expect.poll(() => waitingBytes(peer)).toBeGreaterThan(worker().tcpQueues.fullBytes)
  for (let passed = 0; passed < 9; passed += 1) await second(peer)
  late.read()
  await expect.poll(() => waitingBytes(peer)).toBe(0)
  for (let passed = 0; passed < 9; passed += 1) await second(peer)
  expect(peer.transports.lost).toEqual([])
})

test('a client that makes the node answer ICE checks without end loses its transport, also when it reads the answers', async () => {
  const { joined, peer } = await enter()
  const flood = await StalledTcpClient.open(joined.recv)
  onTestFinished(() => flood.close())
  flood.read()
  await second(peer)
  await flood.send(3 * checks)
  await expect.poll(() => waitingBytes(peer)).toBe(0)
  await second(peer)
  expect(peer.transports.lost).toMatchObject([{ reason: 'bitrate', direction: 'recv' }])
})

test.each(['127.0.0.1', '::1'])(
  'the bytes that wait on a TCP connection are looked up by both of its ends, on %s',
  async (host) => {
    const server = createServer().listen(0, host)
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const [client, other] = [connect(port, host).pause(), connect(port, host).pause()]
    const [socket] = await accepted
    onTestFinished(() => [client, other, socket].forEach((one) => one.destroy()))
    socket.write(Buffer.alloc(20_000_000))
    const waiting = (remotePort: number) =>
      new TcpQueues(clock).waitingBytes({ localPort: port, remoteIp: host, remotePort })
    await expect.poll(() => waiting(socket.remotePort ?? 0)).toBeGreaterThan(0)
    const quiet = [client, other].find(({ localPort }) => localPort !== socket.remotePort)
    expect(await waiting(quiet?.localPort ?? 0)).toBe(0)
  },
)
