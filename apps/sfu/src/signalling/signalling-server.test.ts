import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { MeetingId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { newHouse, type TestHouse } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { refusal } from '../test/TestClient.ts'

const clock = new ManualClock()
let house: TestHouse
beforeAll(async () => {
  house = await newHouse({ clock, env: { PUBLIC_URL: 'https://veche.example' } })
})
afterAll(() => house.close())

const enter = async () => {
  const visitor = house.visitor()
  await visitor.join(await house.ticket({ meeting: randomUUID() as MeetingId }))
  return visitor
}

async function status(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  const socket = new WebSocket(house.url + path, { headers })
  const outcome = await Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, answer]: { statusCode?: number }[]) => answer?.statusCode),
  ])
  socket.on('error', () => undefined).terminate()
  return outcome
}

test('the door is at its own paths, for pages of our own and for programs', async () => {
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

test('an upgrade with a host that is none is refused, and ends nothing', async () => {
  const lines = (host: string) =>
    `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`
  for (const host of ['a b', '[', 'x:y:z', '%']) {
    const socket = connect(house.ports.signalling, '127.0.0.1')
    socket.write(lines(host))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 400/)
    socket.destroy()
  }
})

test('a socket that was refused is let go of, whether its other end closes or not', async () => {
  const socket = connect({ port: house.ports.signalling, host: '127.0.0.1', allowHalfOpen: true })
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='
  socket.write(`GET /elsewhere HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`)
  let dropped = false
  socket.on('error', () => (dropped = true)).resume()
  await once(socket, 'end')
  // The other side of a connection that is half open takes what comes; one that is gone refuses it.
  const told = () => {
    socket.write('x')
    return dropped
  }
  await expect.poll(told).toBe(true)
  socket.destroy()
})

test('a socket that has not joined is closed after five seconds, also when it tried with nothing good', async () => {
  const [idle, wrong] = [new WebSocket(house.url), house.visitor()]
  await once(idle, 'open')
  await expect(wrong.resume('nothing')).rejects.toThrow('call.resume_invalid')
  const closed = [once(idle, 'close'), once(wrong.socket, 'close')]
  clock.advance(limits.call.joinSeconds * 1000)
  for (const [code] of await Promise.all(closed)) expect(code).toBe(4008)
})

test('of a thousand sockets that join nothing the next is refused: whoever is inside stays, and the door opens when their time is up', async () => {
  const inside = await enter()
  const idle = Array.from({ length: 1_000 }, () => new WebSocket(house.url))
  await Promise.all(idle.map((socket) => once(socket, 'open')))
  expect(await status('/')).toBe(503)
  const closed = idle.map((socket) => once(socket, 'close'))
  clock.advance(limits.call.joinSeconds * 1000)
  await Promise.all(closed)
  expect(await status('/')).toBe(101)
  expect(inside.socket.readyState).toBe(WebSocket.OPEN)
})

test('a message that is over-large closes its own socket and no other', async () => {
  const [anna, boris] = [await enter(), await enter()]
  anna.socket.send('x'.repeat(limits.call.messageBytes + 1))
  const [code] = await once(anna.socket, 'close')
  expect(code).toBe(1009)
  await boris.call.room.setVisibleTiles.mutate({ tiles: [] })
})

test('more calls than the rate are refused with a code, and are good again a second later', async () => {
  const anna = await enter()
  const outcomes = []
  for (let count = 0; count < 100; count += 1)
    outcomes.push(await refusal(anna.call.room.setVisibleTiles.mutate({ tiles: [] })))
  expect(outcomes.slice(0, 50)).toEqual(Array(50).fill('accepted'))
  expect(outcomes.at(-1)).toBe('request.too_many')
  clock.advance(1000)
  expect(await refusal(anna.call.room.setVisibleTiles.mutate({ tiles: [] }))).toBe('accepted')
})

test('a flood is cut off, and nobody else feels it', async () => {
  const [anna, boris] = [await enter(), await enter()]
  const closed = once(anna.socket, 'close')
  for (let count = 0; count < 1_000; count += 1) anna.socket.send('{}')
  await boris.call.room.setVisibleTiles.mutate({ tiles: [] })
  const [code] = await closed
  expect(code).toBe(4008)
})

test('a flood of calls within few messages is cut off too', async () => {
  const anna = await enter()
  const closed = once(anna.socket, 'close')
  const calls = Array.from({ length: 20 }, (_, id) => ({ id: id + 1000, method: 'query', params: { path: 'x' } }))
  for (let count = 0; count < 12; count += 1) anna.socket.send(JSON.stringify(calls))
  const [code, reason] = (await closed) as [number, Buffer]
  expect([code, reason.toString()]).toEqual([4008, 'flood'])
})

test('a message in thousands of pieces closes its own socket', async () => {
  const raw = new WebSocket(house.url)
  await once(raw, 'open')
  raw.on('error', () => undefined)
  const closed = once(raw, 'close')
  for (let count = 0; count < 1_000; count += 1) raw.send('x', { fin: false })
  const [code] = await closed
  expect(code).toBe(1008)
})

test('what is wrong with an input is told in few words, however much of it is wrong', async () => {
  const anna = await enter()
  const answered = once(anna.socket, 'message') as Promise<[Buffer]>
  const parameters = Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`p${index}`, {}]))
  const params = { path: 'media.produce', input: { rtpParameters: { codecs: [{ parameters }] } } }
  anna.socket.send(JSON.stringify({ id: 1000, method: 'mutation', params }))
  const [answer] = await answered
  expect(answer.toString()).toMatch(/"input\.invalid"/)
  expect(answer.length).toBeLessThan(1_000)
})

test('a list of calls that is too long is not read at all', async () => {
  const anna = await enter()
  const answers: string[] = []
  anna.socket.on('message', (data: Buffer) => answers.push(data.toString()))
  const call = { id: 1, method: 'query', params: { path: 'x', input: {} } }
  anna.socket.send(JSON.stringify(Array.from({ length: 900 }, (_, id) => ({ ...call, id: id + 1000 }))))
  await anna.call.room.setVisibleTiles.mutate({ tiles: [] })
  expect(answers.length).toBeLessThan(5)
})

test('binary frames, broken JSON and broken frames are refused or end their own socket', async () => {
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
  const raw = new WebSocket(house.url)
  await once(raw, 'open')
  // Reserved bits that nobody agreed upon.
  const inner = (raw as unknown as { _socket: import('node:net').Socket })._socket
  inner.write(Buffer.from([0xf1, 0x80, 1, 2, 3, 4]))
  raw.on('error', () => undefined)
  await once(raw, 'close')
  await anna.call.room.setVisibleTiles.mutate({ tiles: [] })
})

test('who does not read is cut off before it fills the memory of the node', async () => {
  const anna = await enter()
  const peer = house.node.rooms.flatMap(({ legs }) => legs).find(({ seatId }) => seatId === anna.joined.seatId)
  const closed = once(anna.socket, 'close')
  anna.socket.pause()
  const speakers = { type: 'speakers' as const, seatIds: Array.from({ length: 2_000 }, () => anna.joined.seatId) }
  await expect
    .poll(() => {
      for (let count = 0; count < 50; count += 1) peer?.push(speakers)
      return peer?.attached
    })
    .toBe(false)
  anna.socket.resume()
  await closed
})

test('who asks and does not read the answers is cut off as well', async () => {
  const anna = await enter()
  const peer = house.node.rooms.flatMap(({ legs }) => legs).find(({ seatId }) => seatId === anna.joined.seatId)
  anna.socket.pause()
  const call = JSON.stringify({ id: 1000, method: 'query', params: { path: 'x'.repeat(60_000) } })
  await expect
    .poll(async () => {
      await house.pass(1_000)
      for (let count = 0; count < 20; count += 1) anna.socket.send(call)
      return peer?.attached
    })
    .toBe(false)
})
