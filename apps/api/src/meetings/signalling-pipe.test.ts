import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { createApp, type App } from '../app.ts'
import { afterFile } from '../test/cleanup.ts'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/media-node.ts'
import { buryNode } from './nodes/known-nodes.ts'
import { hear } from './nodes/heartbeats.ts'

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

function open(path: string, headers: Record<string, string> = {}, at = base): WebSocket {
  const socket = new WebSocket(`${at}${path}`, { origin: 'http://localhost:8080', headers })
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

describe('the signalling of a node at our own address', () => {
  it('is passed on both ways, and the cookie stays here', async () => {
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

  it('is not for other pages', async () => {
    const socket = new WebSocket(`${base}/sfu/${node.id}`, { origin: 'https://evil.example.org' })
    expect(await status(socket)).toBe(403)
    expect(await status(new WebSocket(`${base}/sfu/${node.id}`))).toBe(403)
  })

  it('is nowhere for a node that nobody knows or whose name is none', async () => {
    for (const name of ['nobody', '..%2F', 'A', '', 'a/b']) expect(await status(open(`/sfu/${name}`))).toBe(404)
  })

  it('of a node that is dead, or where nobody listens, is refused at once', async () => {
    const gone = await MediaNode.start(testApi.deps)
    gone.kill()
    expect(await status(open(`/sfu/${gone.id}`))).toBe(502)
    await buryNode(testApi.deps.db, gone)
    expect(await status(open(`/sfu/${gone.id}`))).toBe(502)
  })

  it('ends at once with the process of the node', async () => {
    const other = await MediaNode.start(testApi.deps)
    const socket = open(`/sfu/${other.id}`)
    await said(socket)
    const closed = once(socket, 'close')
    other.kill()
    await closed
  })

  it('ends when the node is found dead, though its host says no goodbye', async () => {
    const silent = createServer((far) => far.on('error', () => undefined))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const mute = new MediaNode(testApi.deps)
    await hear(testApi.deps, { ...mute.heartbeat(), signalling: `127.0.0.1:${port}` })
    const { port: ours } = new URL(base)
    const browser = connect(Number(ours), '127.0.0.1')
    const arrived = once(silent, 'connection')
    browser.write(
      `GET /sfu/${mute.id} HTTP/1.1\r\nhost: x\r\norigin: http://localhost:8080\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
    )
    await arrived
    const closed = once(browser, 'close')
    await buryNode(testApi.deps.db, mute)
    await closed
  })

  it('ends on the side of the node when the browser goes', async () => {
    const far = createServer()
    far.listen(0, '127.0.0.1')
    await once(far, 'listening')
    onTestFinished(() => void far.close())
    const address = far.address()
    const other = new MediaNode(testApi.deps)
    const signalling = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    await hear(testApi.deps, { ...other.heartbeat(), signalling })
    const connected = once(far, 'connection')
    const socket = open(`/sfu/${other.id}`)
    const [end] = (await connected) as [import('node:net').Socket]
    end.resume()
    const closed = once(end, 'close')
    socket.terminate()
    await closed
  })

  it('holds no stop up', async () => {
    const other = await createApp(testApi.anotherProcess())
    const at = (await other.http.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws')
    const socket = open(`/sfu/${node.id}`, {}, at)
    await said(socket)
    const closed = once(socket, 'close')
    const begun = Date.now()
    await Promise.all([other.close(), closed])
    expect(Date.now() - begun).toBeLessThan(4_000)
  })
})
