import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from '../../app.ts'
import { afterFile } from '../../test/cleanup.ts'
import { newTestApi } from '../../test/harness.ts'
import { type KeptAnswerLimits, keptAnswerLimits, limitKeptAnswers } from './kept-answers.ts'

/** More than the buffers of two sockets hold. */
const long = 16_000_000

async function serve(limits: Partial<KeptAnswerLimits>) {
  const http = Fastify()
  limitKeptAnswers(http, { ...keptAnswerLimits, minBytesPerSecond: Infinity, ...limits })
  http.get('/piece', (_req, reply) => reply.send(Buffer.alloc(long)))
  http.get('/stream', (_req, reply) => reply.send(Readable.from(chunks())))
  const port = Number(new URL(await http.listen({ host: '127.0.0.1', port: 0 })).port)
  onTestFinished(() => http.close())
  return { http, port }
}

function* chunks() {
  for (let sent = 0; sent < long; sent += 64_000) yield Buffer.alloc(64_000)
}

async function ask(port: number, path: string, localAddress = '127.0.0.1') {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket.pause(), 'connect')
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
  return socket
}

/** Takes some of the answer every few milliseconds, until the connection ends. Returns how much it was. */
async function readSlowly(socket: Socket, bytesEach: number): Promise<number> {
  let taken = 0
  const read = () => {
    const some = socket.read(Math.min(bytesEach, socket.readableLength)) as Buffer | null
    taken += some?.length ?? 0
  }
  const timer = setInterval(read, 5)
  await once(socket, 'close')
  clearInterval(timer)
  return taken
}

test('a client that reads a long answer too slowly is cut off, although it reads all the time', async () => {
  const { http, port } = await serve({ graceMs: 300 })
  const requested = once(http.server, 'request') as Promise<[{ socket: Socket }]>
  const client = await ask(port, '/piece')
  const taken = readSlowly(client, 4_000)
  const [{ socket }] = await requested
  if (!socket.destroyed) await once(socket, 'close')
  client.destroy()
  expect(await taken).toBeLessThan(long)
})

test('a client has more time for a longer answer', async () => {
  const { port } = await serve({ graceMs: 0, minBytesPerSecond: 500_000 })
  expect(await readSlowly(await ask(port, '/piece'), 1_000_000)).toBeGreaterThan(long)
})

test('a stream may be read as slowly as its reader likes, because little of it is kept', async () => {
  const { port } = await serve({ graceMs: 50 })
  expect(await readSlowly(await ask(port, '/stream'), 300_000)).toBeGreaterThan(long)
})

test('when the answers that wait are too many, the oldest one of the busiest address is given up', async () => {
  const { http, port } = await serve({ maxBytes: 3 * long })
  /** The server's end of the connection. */
  const open = async (localAddress: string) => {
    const requested = once(http.server, 'request') as Promise<[{ socket: Socket }]>
    await ask(port, '/piece', localAddress)
    const [{ socket }] = await requested
    return socket
  }
  const ofAnother = await open('127.0.0.2')
  const own = [await open('127.0.0.1'), await open('127.0.0.1'), await open('127.0.0.1')]
  const [oldest] = own as [Socket]
  if (!oldest.destroyed) await once(oldest, 'close')
  expect([ofAnother, ...own].map(({ destroyed }) => destroyed)).toEqual([false, true, false, false])
})

test('the server for browsers bounds the time of an answer that it keeps', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { deps } = await newTestApi()
  const { http, close } = await createApp(deps)
  afterFile(close)
  http.get('/test/piece', (_req, reply) => reply.send(Buffer.alloc(long)))
  const port = Number(new URL(await http.listen({ host: '127.0.0.1', port: 0 })).port)
  const requested = once(http.server, 'request') as Promise<[{ socket: Socket }]>
  const client = await ask(port, '/test/piece')
  const [{ socket }] = await requested
  await once(client, 'readable')
  vi.advanceTimersByTime(30_000 + 1_000_000)
  expect(socket.destroyed).toBe(true)
})
