import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { MeetingId } from '@veche/shared/ids'
import { callLimits } from '@veche/shared/meeting-limits'
import { clientAddressHeader, clientAddressText } from '@veche/shared/nodes'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { routerCapabilities } from '../media/codecs.ts'
import { clientAddress } from './client-address.ts'
import { refusal } from '../test/TestClient.ts'

const clock = new ManualClock()
let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock, env: { PUBLIC_URL: 'https://veche.example' } })
})
afterAll(() => testNode.close())

const enter = async () => {
  const client = testNode.newClient()
  await client.join(await testNode.newTicket({ meeting: randomUUID() as MeetingId }))
  return client
}

async function status(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  const socket = new WebSocket(testNode.url + path, { headers })
  const outcome = await Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, answer]: { statusCode?: number }[]) => answer?.statusCode),
  ])
  socket.on('error', () => undefined).terminate()
  return outcome
}

test('the signalling server accepts sockets at its own paths, from pages of our origin and from programs without an origin', async () => {
  expect(await status('/sfu/sfu-0')).toBe(101)
  expect(await status('/')).toBe(101)
  expect(await status('/', { origin: 'https://veche.example' })).toBe(101)
  expect(await status('/sfu/sfu-1')).toBe(404)
  expect(await status('/api/trpc')).toBe(404)
  for (const origin of [
    'https://evil.example',
    'http://veche.example',
    'https://veche.example:444',
    'null',
    'http://localhost:8080',
  ])
    expect([origin, await status('/', { origin })]).toEqual([origin, 403])
})

test('an upgrade with an invalid host is refused', async () => {
  const lines = (host: string) =>
    `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`
  for (const host of ['a b', '[', 'x:y:z', '%']) {
    const socket = connect(testNode.ports.signalling, '127.0.0.1')
    socket.write(lines(host))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 400/)
    socket.destroy()
  }
})

test('a refused socket is destroyed even if its other end stays half open', async () => {
  const socket = connect({ port: testNode.ports.signalling, host: '127.0.0.1', allowHalfOpen: true })
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='
  socket.write(`GET /elsewhere HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`)
  let dropped = false
  socket.on('error', () => (dropped = true)).resume()
  await once(socket, 'end')
  // A half-open connection accepts what is written; a destroyed one refuses it.
  const isRefused = () => {
    socket.write('x')
    return dropped
  }
  await expect.poll(isRefused).toBe(true)
  socket.destroy()
})

test('a socket that has not joined is closed after five seconds, also after a failed resume', async () => {
  const [idle, wrong] = [new WebSocket(testNode.url), testNode.newClient()]
  await once(idle, 'open')
  await expect(wrong.resume('nothing')).rejects.toThrow('call.resume_invalid')
  const closed = [once(idle, 'close'), once(wrong.socket, 'close')]
  clock.advance(callLimits.joinSeconds * 1000)
  for (const [code] of await Promise.all(closed)) expect(code).toBe(4008)
})

/** A socket from this address of the loopback network. */
function openFrom(localAddress: string): WebSocket {
  return new WebSocket(testNode.url, { localAddress }).on('error', () => undefined)
}

const isOpen = ({ readyState }: WebSocket) => readyState === WebSocket.OPEN

test('an address with four hundred sockets that have not joined loses its oldest; other addresses and joined sockets lose none', async () => {
  const joined = await enter()
  const other = openFrom('127.0.0.2')
  await once(other, 'open')
  const silent = Array.from({ length: 400 }, () => openFrom('127.0.0.3'))
  await Promise.all(silent.map((socket) => once(socket, 'open')))
  const closed = once(silent[0]!, 'close')
  await once(openFrom('127.0.0.3'), 'open')
  expect((await closed)[0]).toBe(4008)
  expect([silent.filter(isOpen).length, isOpen(other), isOpen(joined.socket)]).toEqual([399, true, true])
  await enter()
  clock.advance(callLimits.joinSeconds * 1000)
  await Promise.all([other, ...silent].filter(isOpen).map((socket) => once(socket, 'close')))
  expect(isOpen(joined.socket)).toBe(true)
})

test('a node believes an address that the API proves with its key, and no other', () => {
  const { env } = testNode.deps
  const key = randomUUID()
  const proof = (secret: string) =>
    createHmac('sha256', Buffer.from(secret, 'hex')).update(clientAddressText('203.0.113.9', key)).digest('base64url')
  const from = (header: string, webSocketKey: string = key) =>
    clientAddress(env, {
      headers: { [clientAddressHeader]: header, 'sec-websocket-key': webSocketKey },
      socket: { remoteAddress: '127.0.0.1' },
    } as unknown as IncomingMessage)
  expect(from(`203.0.113.9 ${proof(env.SFU_KEY)}`)).toBe('203.0.113.9')
  expect(from(`203.0.113.9 ${proof('ab'.repeat(32))} ${proof(env.SFU_KEY)}`)).toBe('203.0.113.9')
  for (const header of ['203.0.113.9', `203.0.113.9 ${proof('ab'.repeat(32))}`, `203.0.113.8 ${proof(env.SFU_KEY)}`])
    expect(from(header)).toBe('127.0.0.1')
  expect(from(`203.0.113.9 ${proof(env.SFU_KEY)}`, 'another key')).toBe('127.0.0.1')
})

test('a message above the size limit closes its own socket and no other', async () => {
  const [anna, boris] = [await enter(), await enter()]
  anna.socket.send('x'.repeat(callLimits.messageBytes + 1))
  const [code] = await once(anna.socket, 'close')
  expect(code).toBe(1009)
  await boris.call.room.setVisibleTiles.mutate({ tiles: [] })
})

test('calls above the rate are refused with a code, and accepted again a second later', async () => {
  const anna = await enter()
  const outcomes = []
  for (let count = 0; count < 100; count += 1)
    outcomes.push(await refusal(anna.call.room.setVisibleTiles.mutate({ tiles: [] })))
  expect(outcomes.slice(0, 50)).toEqual(Array(50).fill('accepted'))
  expect(outcomes.at(-1)).toBe('request.too_many')
  clock.advance(1000)
  expect(await refusal(anna.call.room.setVisibleTiles.mutate({ tiles: [] }))).toBe('accepted')
})

test('a socket that floods the node with messages is cut, and other sockets go on', async () => {
  const [anna, boris] = [await enter(), await enter()]
  const closed = once(anna.socket, 'close')
  for (let count = 0; count < 1_000; count += 1) anna.socket.send('{}')
  await boris.call.room.setVisibleTiles.mutate({ tiles: [] })
  const [code] = await closed
  expect(code).toBe(4008)
})

test('a socket that floods the node with many calls in few messages is cut', async () => {
  const anna = await enter()
  const closed = once(anna.socket, 'close')
  const calls = Array.from({ length: 20 }, (_, id) => ({ id: id + 1000, method: 'query', params: { path: 'x' } }))
  for (let count = 0; count < 12; count += 1) anna.socket.send(JSON.stringify(calls))
  const [code, reason] = (await closed) as [number, Buffer]
  expect([code, reason.toString()]).toEqual([4008, 'flood'])
})

test('a message in more than 256 fragments closes its own socket', async () => {
  const raw = new WebSocket(testNode.url)
  await once(raw, 'open')
  raw.on('error', () => undefined)
  const closed = once(raw, 'close')
  for (let count = 0; count < 1_000; count += 1) raw.send('x', { fin: false })
  const [code] = await closed
  expect(code).toBe(1008)
})

test('the answer to an input with thousands of wrong fields is short', async () => {
  const anna = await enter()
  const answered = once(anna.socket, 'message') as Promise<[Buffer]>
  const parameters = Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`p${index}`, {}]))
  const params = { path: 'media.produce', input: { rtpParameters: { codecs: [{ parameters }] } } }
  anna.socket.send(JSON.stringify({ id: 1000, method: 'mutation', params }))
  const [answer] = await answered
  expect(answer.toString()).toMatch(/"input\.invalid"/)
  expect(answer.length).toBeLessThan(1_000)
})

test('a message with too many calls is not read at all', async () => {
  const anna = await enter()
  const answers: string[] = []
  anna.socket.on('message', (data: Buffer) => answers.push(data.toString()))
  const call = { id: 1, method: 'query', params: { path: 'x', input: {} } }
  anna.socket.send(JSON.stringify(Array.from({ length: 900 }, (_, id) => ({ ...call, id: id + 1000 }))))
  await anna.call.room.setVisibleTiles.mutate({ tiles: [] })
  expect(answers.length).toBeLessThan(5)
})

test('binary frames, broken JSON and broken WebSocket frames are refused or close their own socket', async () => {
  const anna = await enter()
  for (const junk of [
    '{',
    '[]',
    'null',
    '1',
    '{"id":1}',
    '{"id":{},"method":"query","params":{}}',
    Buffer.from([0, 255, 254]),
  ])
    anna.socket.send(junk)
  await anna.call.room.setVisibleTiles.mutate({ tiles: [] })
  const raw = new WebSocket(testNode.url)
  await once(raw, 'open')
  // Reserved bits that were not negotiated.
  const inner = (raw as unknown as { _socket: import('node:net').Socket })._socket
  inner.write(Buffer.from([0xf1, 0x80, 1, 2, 3, 4]))
  raw.on('error', () => undefined)
  await once(raw, 'close')
  await anna.call.room.setVisibleTiles.mutate({ tiles: [] })
})

test('a client that does not read its frames is cut before it fills the memory of the node', async () => {
  const anna = await enter()
  const peer = testNode.node.rooms.flatMap(({ peers }) => peers).find(({ seatId }) => seatId === anna.joined.seatId)
  const closed = once(anna.socket, 'close')
  anna.socket.pause()
  const speakers = { type: 'speakers' as const, seatIds: Array.from({ length: 2_000 }, () => anna.joined.seatId) }
  await expect
    .poll(() => {
      for (let count = 0; count < 50; count += 1) peer?.push(speakers)
      return peer?.isAttached
    })
    .toBe(false)
  anna.socket.resume()
  await closed
})

test('a client that calls and does not read the answers is cut', async () => {
  const anna = await enter()
  const peer = testNode.node.rooms.flatMap(({ peers }) => peers).find(({ seatId }) => seatId === anna.joined.seatId)
  anna.socket.pause()
  const call = JSON.stringify({ id: 1000, method: 'query', params: { path: 'x'.repeat(60_000) } })
  await expect
    .poll(async () => {
      await testNode.pass(1_000)
      for (let count = 0; count < 20; count += 1) anna.socket.send(call)
      return peer?.isAttached
    })
    .toBe(false)
})

test('a browser of another release joins with keys and words that the node does not know, and one that is too old is told so', async () => {
  const newer = testNode.newClient()
  const tile = { seatId: randomUUID(), source: 'hologram', width: 10, height: 10 }
  const input = async (protocol: number) => ({
    protocol,
    ticket: await testNode.newTicket({ meeting: randomUUID() as MeetingId }),
    rtpCapabilities: routerCapabilities,
    view: { tiles: [tile], first: 0, mood: 'calm' },
    reconnect: { step: 'teleport', reason: 'curiosity' },
    mood: 'calm',
  })
  newer.enter((await input(7)) as never)
  await newer.frame('joined')
  const older = testNode.newClient()
  older.enter((await input(0)) as never)
  expect(await older.ended()).toBe('version.too_old')
})
