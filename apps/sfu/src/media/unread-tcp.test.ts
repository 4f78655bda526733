import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { TransportView } from '../signalling/frames.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { newTestNode, type TestNode, waitForWorker } from '../test/TestNode.ts'
import { UnreadTcpClient } from '../test/UnreadTcpClient.ts'
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

function waitingBytes(peer: Peer): Promise<number> {
  const { localPort, remoteIp = '', remotePort = 0 } = peer.transports.newest('recv').iceSelectedTuple!
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

test('a transport whose TCP connection is not read for ten seconds is closed, and its seat gets none over TCP in this room', async () => {
  const { client, joined, peer } = await enter()
  const unread = await UnreadTcpClient.open(joined.recv)
  onTestFinished(() => unread.close())
  await unread.send(checks)
  await expect.poll(() => waitingBytes(peer)).toBeGreaterThan(worker().tcpQueues.fullBytes)
  for (let passed = 0; passed < 9; passed += 1) await second(peer)
  expect(peer.transports.lost).toEqual([])
  await second(peer)
  expect(peer.transports.lost).toHaveLength(1)
  expect(await client.frame('transportClosed')).toMatchObject({ id: joined.recv.id, reason: 'unread' })
  const before = await workerKb()
  void unread.send(checks)
  await waitForWorker(worker())
  expect((await workerKb()) - before).toBeLessThan(1_000)

  expect(protocols(await client.call.transport.replace.mutate({ direction: 'recv' }))).toEqual(['udp'])
  const again = await enter(joined.seatId, 2)
  expect(protocols(again.joined.send)).toEqual(['udp'])
  expect(protocols((await enter()).joined.send)).toEqual(['udp', 'tcp'])
})

test('a TCP connection that is read, although late, keeps its transport', async () => {
  const { joined, peer } = await enter()
  const late = await UnreadTcpClient.open(joined.recv)
  onTestFinished(() => late.close())
  await late.send(checks)
  await expect.poll(() => waitingBytes(peer)).toBeGreaterThan(worker().tcpQueues.fullBytes)
  for (let passed = 0; passed < 9; passed += 1) await second(peer)
  late.read()
  await expect.poll(() => waitingBytes(peer)).toBe(0)
  for (let passed = 0; passed < 9; passed += 1) await second(peer)
  expect(peer.transports.lost).toEqual([])
})

test.each(['127.0.0.1', '::1'])('what waits on a TCP connection is found by its two ends, on %s', async (host) => {
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
})
