import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { clientAddressText } from '@veche/shared/nodes'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { createApp, type App } from '../app.ts'
import { afterFile } from '../test/cleanup.ts'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { nodeKeys } from './keys.ts'
import { markNodeDead } from './known-nodes.ts'
import { acceptHeartbeat } from './heartbeats.ts'

let testApi: TestApi
let app: App
let base: string
let node: MediaNode
beforeAll(async () => {
  testApi = await newTestApi()
  node = await MediaNode.start(testApi.deps)
  app = await createApp(testApi.deps)
  afterFile(() => app.close())
  base = (await app.http.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws')
})

type Hello = { node: string; url: string; headers: Record<string, string> }

function open(path: string, headers: Record<string, string> = {}, address = base): WebSocket {
  const socket = new WebSocket(`${address}${path}`, { origin: 'http://localhost:8080', headers })
  socket.on('error', () => undefined)
  onTestFinished(() => socket.terminate())
  return socket
}

async function said(socket: WebSocket): Promise<string> {
  const [text] = await once(socket, 'message')
  return String(text)
}

async function status(socket: WebSocket): Promise<number> {
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }]
  return answer.statusCode
}

it('the signalling proxy passes bytes on both ways, without the cookie and the authorization', async () => {
  const cookie = '__Host-veche=secret'
  const socket = open(`/sfu/${node.id}`, { cookie, authorization: 'Bearer x', 'x-kept': 'yes' })
  const hello = JSON.parse(await said(socket)) as Hello
  expect(hello).toMatchObject({ node: node.id, url: `/sfu/${node.id}`, headers: { 'x-kept': 'yes' } })
  expect(hello.headers).toMatchObject({ origin: 'http://localhost:8080' })
  expect(JSON.stringify(hello)).not.toContain('secret')
  expect(hello.headers).not.toHaveProperty('authorization')
  const long = 'x'.repeat(200_000)
  socket.send(long)
  expect(await said(socket)).toBe(`echo ${long}`)
})

it('the signalling proxy tells the node where the browser is, with a proof, and passes on no address that the browser names', async () => {
  const socket = open(`/sfu/${node.id}`, { 'x-veche-address': '203.0.113.9' })
  const { headers } = JSON.parse(await said(socket)) as Hello
  const [address, proof] = headers['x-veche-address']!.split(' ')
  const text = clientAddressText('127.0.0.1', headers['sec-websocket-key'])
  const [key] = nodeKeys(testApi.deps.env, node.id)
  expect([address, proof]).toEqual(['127.0.0.1', createHmac('sha256', key!).update(text).digest('base64url')])
})

it('the signalling proxy refuses pages of other origins', async () => {
  const socket = new WebSocket(`${base}/sfu/${node.id}`, { origin: 'https://evil.example.org' })
  expect(await status(socket)).toBe(403)
  expect(await status(new WebSocket(`${base}/sfu/${node.id}`))).toBe(403)
})

it('the signalling proxy answers 404 for an unknown node and for an invalid name', async () => {
  for (const name of ['nobody', '..%2F', 'A', '', 'a/b']) expect(await status(open(`/sfu/${name}`))).toBe(404)
})

it('the signalling proxy refuses at once when the node is dead or nothing listens there', async () => {
  const gone = await MediaNode.start(testApi.deps)
  await gone.kill()
  expect(await status(open(`/sfu/${gone.id}`))).toBe(502)
  await markNodeDead(testApi.deps.db, gone)
  expect(await status(open(`/sfu/${gone.id}`))).toBe(502)
})

it('a proxied socket ends at once when the process of its node ends', async () => {
  const other = await MediaNode.start(testApi.deps)
  const socket = open(`/sfu/${other.id}`)
  await said(socket)
  const closed = once(socket, 'close')
  await other.kill()
  await closed
})

it('a proxied socket ends when its node is found dead, although the host of the node closes nothing', async () => {
  const silent = createServer((far) => far.on('error', () => undefined))
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => void silent.close())
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : 0
  const unreachable = new MediaNode(testApi.deps)
  await acceptHeartbeat(testApi.deps, { ...unreachable.heartbeat(), signalling: `127.0.0.1:${port}` })
  const { port: ours } = new URL(base)
  const browser = connect(Number(ours), '127.0.0.1')
  const arrived = once(silent, 'connection')
  browser.write(
    `GET /sfu/${unreachable.id} HTTP/1.1\r\nhost: x\r\norigin: http://localhost:8080\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
  )
  await arrived
  const closed = once(browser, 'close')
  await markNodeDead(testApi.deps.db, unreachable)
  await closed
})

it('a service that is no media node gets no word to a browser, whatever a heartbeat says of its address', async () => {
  const inner = createServer((socket) => void socket.write('220 inner service ready\r\n')).listen(0, '127.0.0.1')
  await once(inner, 'listening')
  onTestFinished(() => void inner.close())
  const other = new MediaNode(testApi.deps)
  const signalling = `127.0.0.1:${(inner.address() as { port: number }).port}`
  await acceptHeartbeat(testApi.deps, { ...other.heartbeat(), signalling })
  expect(await status(open(`/sfu/${other.id}`))).toBe(502)
})

it('a proxied socket is closed towards the node when the browser closes it', async () => {
  const nodeServer = createServer()
  nodeServer.listen(0, '127.0.0.1')
  await once(nodeServer, 'listening')
  onTestFinished(() => void nodeServer.close())
  const address = nodeServer.address()
  const other = new MediaNode(testApi.deps)
  const signalling = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  await acceptHeartbeat(testApi.deps, { ...other.heartbeat(), signalling })
  const connected = once(nodeServer, 'connection')
  const socket = open(`/sfu/${other.id}`)
  const [end] = (await connected) as [import('node:net').Socket]
  end.resume()
  const closed = once(end, 'close')
  socket.terminate()
  await closed
})

it('an open proxied socket does not delay the stop of the process', async () => {
  const other = await createApp(testApi.anotherProcess())
  const address = (await other.http.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws')
  const socket = open(`/sfu/${node.id}`, {}, address)
  await said(socket)
  const closed = once(socket, 'close')
  await Promise.all([other.close(), closed])
})
