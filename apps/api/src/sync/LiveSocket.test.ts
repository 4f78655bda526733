import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { LiveFrame } from '@veche/shared/live'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { FrameBytes, LiveSocket } from './LiveSocket.ts'

/** A frame that counts how often it is made into text. */
function countedFrame() {
  const frame = { type: 'signal', times: 0, toJSON: () => ({ type: 'signal', times: (frame.times += 1) }) }
  return frame
}

/** A frame whose text has this many bytes. */
function frameOf(bytes: number): LiveFrame {
  const frame = { type: 'hello', now: 1, release: '' } as const
  return { ...frame, release: 'x'.repeat(bytes - JSON.stringify(frame).length) }
}

test('a frame that many tabs get is made into bytes once', () => {
  const frameBytes = new FrameBytes()
  const [first, second] = [countedFrame(), countedFrame()] as never as [LiveFrame & { times: number }, LiveFrame]
  const sent = Array.from({ length: 200 }, () => frameBytes.of(first))
  expect(new Set(sent).size).toBe(1)
  expect(first.times).toBe(1)
  expect(frameBytes.of(second)).not.toBe(sent[0])
})

test.each([125, 126, 65_535, 65_536, 300_000])(
  'a text of %i bytes comes whole, between what others send on the same socket',
  async (length) => {
    const { socket, webSocket, received } = await connected()
    const frame = frameOf(length)
    webSocket.send('before')
    socket.send(frame)
    webSocket.ping()
    webSocket.send('after')
    await expect.poll(() => received.length).toBe(3)
    expect(received).toEqual(['before', JSON.stringify(frame), 'after'])
  },
)

test('letters of several bytes come as they were', async () => {
  const { socket, received } = await connected()
  const frame: LiveFrame = { type: 'hello', now: 1, release: 'Вече 🔔' }
  socket.send(frame)
  await expect.poll(() => received).toEqual([JSON.stringify(frame)])
})

test('a socket that is being closed gets no frame any more', async () => {
  const { socket, client, received } = await connected()
  const closed = once(client, 'close')
  socket.close(1012, 'restarting')
  socket.send(frameOf(200))
  expect(await closed).toEqual([1012, Buffer.from('restarting')])
  expect(received).toEqual([])
})

test('a client that reads nothing is disconnected when too much waits for it', async () => {
  const { socket, webSocket, client } = await connected()
  const closed = once(webSocket, 'close')
  client.pause()
  const frame = frameOf(300_000)
  let sent = 0
  while (webSocket.readyState === WebSocket.OPEN && sent < 200) {
    socket.send(frame)
    sent += 1
    await new Promise(setImmediate)
  }
  await closed
  expect(sent).toBeLessThan(200)
})

async function connected() {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const http = createServer().listen(0, '127.0.0.1')
  await once(http, 'listening')
  const opened = new Promise<[WebSocket, Duplex]>((resolve) =>
    http.on('upgrade', (req, connection: Duplex, head) =>
      server.handleUpgrade(req, connection, head, (webSocket) => resolve([webSocket, connection])),
    ),
  )
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
  onTestFinished(() => {
    client.terminate()
    http.close()
  })
  const received: string[] = []
  client.on('message', (data: Buffer) => received.push(data.toString()))
  await once(client, 'open')
  const [webSocket, connection] = await opened
  return { client, webSocket, received, socket: new LiveSocket(webSocket, connection, new FrameBytes()) }
}
