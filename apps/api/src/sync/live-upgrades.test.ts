import { once } from 'node:events'
import { connect } from 'node:net'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import type { UserId } from '@veche/shared/ids'
import type { LiveFrame } from '@veche/shared/live'
import { serverLimits } from '@veche/shared/server-limits'
import { LiveMessageReader } from '@veche/shared/sent-frames'
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type App, createApp } from '../app.ts'
import type { AppRouter } from '../router.ts'
import { addMessages, newGroup, newUser, say, type TestUser } from '../test/builders.ts'
import { type TestApi, newTestApi } from '../test/harness.ts'

let testApi: TestApi
let app: App
let anna: TestUser
let boris: TestUser
let address: string
const closing: (() => void)[] = []
beforeAll(async () => {
  testApi = await newTestApi()
  app = await createApp(testApi.deps)
  address = (await app.http.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws') + '/api/trpc'
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
  return () => app.close()
})
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const own = 'http://localhost:8080'

describe('the socket', () => {
  test.each([
    ['another site', 'https://evil.example'],
    ['a site whose name begins like ours', 'http://localhost:8080.evil.example'],
    ['another port', 'http://localhost:9090'],
    ['a sandboxed page', 'null'],
    ['no origin at all', undefined],
  ])('the live socket is refused to %s', async (_name, origin) => {
    await expect(upgrade(origin)).rejects.toThrow('403')
  })

  test.each([own, 'http://127.0.0.1:8080'])('the live socket opens for a page of our own at %s', async (origin) => {
    await expect(upgrade(origin)).resolves.toBeUndefined()
  })

  test.each(['a b', '[', 'x:y:z'])(
    'the live socket is refused with the invalid host %s, and the process goes on',
    async (host) => {
      const socket = connect(Number(new URL(address).port), '127.0.0.1')
      const head = `GET /api/trpc HTTP/1.1\r\nhost: ${host}\r\norigin: ${own}\r\nconnection: upgrade\r\nupgrade: websocket`
      socket.write(`${head}\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`)
      const [answer] = (await once(socket, 'data')) as [Buffer]
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 400/)
      await expect(upgrade(own)).resolves.toBeUndefined()
    },
  )

  test('a refused socket is destroyed even when the client keeps its end open', async () => {
    const socket = connect({ port: Number(new URL(address).port), host: '127.0.0.1', allowHalfOpen: true })
    socket.write('GET /elsewhere HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
    let dropped = false
    socket.on('error', () => (dropped = true)).resume()
    await once(socket, 'end')
    // A half-open connection accepts what is written; a destroyed one answers with an error.
    const isDestroyed = () => {
      socket.write('x')
      return dropped
    }
    await expect.poll(isDestroyed).toBe(true)
    socket.destroy()
  })

  test('the live stream says hello first and then sends the changes', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { frames } = subscribe(boris)
    await expect.poll(() => frames[0]).toMatchObject({ type: 'hello', release: testApi.env.RELEASE })
    const { rev } = await say(testApi.deps, anna, chatId, 'over the socket')
    const expected = { type: 'changes', scope: 'chat', id: chatId, from: rev - 1, rev }
    await expect.poll(() => frames).toContainEqual(expect.objectContaining(expected))
  })

  test.each([
    ['comes from a trusted proxy', '127.0.0.1', '198.51.100.7'],
    ['is not taken from other clients', '10.0.0.1', '127.0.0.1'],
    ['skips every trusted proxy on the way', '127.0.0.1,203.0.113.0/24', '192.0.2.1'],
  ])('the address of a live stream %s', async (_name, TRUSTED_PROXIES, ip) => {
    const deps = testApi.anotherProcess({ TRUSTED_PROXIES })
    const behind = await createApp(deps)
    const base = (await behind.http.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws') + '/api/trpc'
    const forwarded = ip === '192.0.2.1' ? '192.0.2.1, 203.0.113.9' : '198.51.100.7'
    const headers = { cookie: `veche=${anna.token}`, 'x-forwarded-for': forwarded }
    const socket = new WebSocket(base, { origin: own, headers })
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'live' } }))
    await expect.poll(() => deps.liveHub.all().map(({ address: from }) => from.ip)).toEqual([ip])
    socket.terminate()
    await behind.close()
  })

  test('the live stream without a session fails with auth.required', async () => {
    const { errors } = subscribe(null)
    await expect.poll(() => errors).toEqual(['auth.required'])
  })

  test('the live stream of a revoked session fails with auth.required and sends nothing more', async () => {
    const vera = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna, vera])
    const { frames, errors } = subscribe(vera)
    await expect.poll(() => frames).toHaveLength(1)
    await testApi.deps.db
      .updateTable('sessions')
      .set({ revoked_at: new Date() })
      .where('id', '=', vera.sessionId)
      .execute()
    testApi.deps.hints.tell({ session: { userId: vera.userId } })
    await expect.poll(() => errors[0]).toBe('auth.required')
    const count = frames.length
    await say(testApi.deps, anna, chatId, 'after the end')
    await testApi.deps.liveHub.poll()
    expect(frames).toHaveLength(count)
  })

  test('the live socket carries no other procedures than the live stream', async () => {
    const { socket } = subscribe(anna)
    const client = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] })
    const notFound = { data: { httpStatus: 404 } }
    await expect(client.auth.me.query()).rejects.toMatchObject(notFound)
    await expect(client.messages.typing.mutate({ chatId: anna.userId as never })).rejects.toMatchObject(notFound)
  })

  test('a list of more calls than a tab makes is not answered, and a message in many pieces closes its socket', async () => {
    const socket = open(own)
    await once(socket, 'open')
    const answers: { id: unknown }[] = []
    socket.on('message', (data) => answers.push(JSON.parse(String(data)) as { id: unknown }))
    const call = (id: number) => ({ id, method: 'query', params: { path: '' } })
    socket.send(JSON.stringify(Array.from({ length: 50 }, (_, id) => call(id))))
    socket.send(JSON.stringify(call(99)))
    await expect.poll(() => answers.at(-1)?.id).toBe(99)
    expect(answers.filter(({ id }) => id !== null)).toHaveLength(1)
    const closed = once(socket, 'close')
    for (let count = 0; count < 20; count += 1) socket.send(' ', { fin: false })
    await closed
  })

  test('a client that sends garbage harms no other, and a message that is too large closes its socket', async () => {
    const socket = open(own, anna.token)
    await new Promise((resolve) => socket.once('open', resolve))
    for (const rubbish of ['{', '[]', 'null', '{"id":1,"method":"subscription"}', Buffer.from([0xff, 0, 1])])
      socket.send(rubbish)
    socket.send('x'.repeat(4_001))
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1009)
    const { frames } = subscribe(anna)
    await expect.poll(() => frames[0]?.type).toBe('hello')
  })

  test.each([
    ['sends messages', (socket: WebSocket) => socket.send('{')],
    ['sends pings', (socket: WebSocket) => socket.ping()],
  ])('a client that %s without end is disconnected', async (_name, send) => {
    const socket = open(own)
    await new Promise((resolve) => socket.once('open', resolve))
    let closed = false
    socket.once('close', () => (closed = true))
    socket.on('error', () => undefined)
    for (let sent = 0; !closed && sent < 20_000; sent += 1) {
      send(socket)
      if (sent % 100 === 0) await new Promise(setImmediate)
    }
    await expect.poll(() => closed).toBe(true)
  })

  test('a socket that asks for the live stream again has the newest one only', async () => {
    const vera = await newUser(testApi.deps)
    const socket = open(own, vera.token)
    await new Promise((resolve) => socket.once('open', resolve))
    const received: string[] = []
    socket.on('message', (data: Buffer) => received.push(data.toString()))
    for (const id of [1, 2, 3]) socket.send(JSON.stringify({ id, method: 'subscription', params: { path: 'live' } }))
    await expect.poll(() => received.filter((text) => text.includes('"hello"'))).toHaveLength(3)
    await expect
      .poll(() => testApi.deps.liveHub.all().filter(({ actor }) => actor.userId === vera.userId))
      .toHaveLength(1)
    socket.terminate()
  })

  test('a socket that asks for no stream is closed after ten seconds, and one with a stream is not', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const [silent, asking] = [open(own, anna.token), open(own, anna.token)]
    const received = once(asking, 'message')
    await Promise.all([silent, asking].map((socket) => once(socket, 'open')))
    asking.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'live' } }))
    await received
    const closed = once(silent, 'close')
    vi.advanceTimersByTime(10_000)
    expect((await closed)[0]).toBe(4008)
    expect(asking.readyState).toBe(WebSocket.OPEN)
    asking.terminate()
  })

  test('a socket whose stream has ended is closed after ten seconds too', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const socket = open(own, anna.token)
    await once(socket, 'open')
    const isHers = () => testApi.deps.liveHub.all().filter(({ actor }) => actor.userId === anna.userId).length
    socket.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'live' } }))
    await expect.poll(isHers).toBe(1)
    socket.send(JSON.stringify({ id: 1, method: 'subscription.stop' }))
    await expect.poll(isHers).toBe(0)
    let closedWith: number | undefined
    socket.once('close', (code: number) => (closedWith = code))
    vi.advanceTimersByTime(10_000)
    await expect.poll(() => closedWith).toBe(4008)
  })

  test('silent sockets of one address shut out only themselves: people at another address have their hello', async () => {
    // On a slow machine the first of them would have been silent for ten seconds before the last is open.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const silent = Array.from({ length: 401 }, () => open(own, undefined, '127.0.0.3').on('error', () => undefined))
    await Promise.all(silent.slice(1).map((socket) => once(socket, 'open')))
    await expect.poll(() => silent[0]?.readyState).toBe(WebSocket.CLOSED)
    const asking = open(own, anna.token)
    const received: string[] = []
    asking.on('message', (data: Buffer) => received.push(data.toString()))
    await once(asking, 'open')
    asking.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'live' } }))
    await expect.poll(() => received.some((text) => text.includes('"hello"'))).toBe(true)
    expect(silent.filter(({ readyState }) => readyState === WebSocket.OPEN)).toHaveLength(400)
    for (const socket of [...silent, asking]) socket.terminate()
  })

  test('a person has at most fifty streams in a process, however many are opened at once', async () => {
    const vera = await newUser(testApi.deps)
    const all = Array.from({ length: serverLimits.sync.streams + 8 }, () => subscribe(vera))
    await expect.poll(() => all.every(({ frames, errors }) => frames.length + errors.length > 0)).toBe(true)
    expect(all.flatMap(({ errors }) => errors)).toEqual(Array.from({ length: 8 }, () => 'request.too_many'))
    const isHers = ({ actor }: { actor: { userId: UserId } }) => actor.userId === vera.userId
    expect(testApi.deps.liveHub.all().filter(isHers)).toHaveLength(serverLimits.sync.streams)
  })

  test('a socket whose client does not read is closed at a megabyte', async () => {
    const vera = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna, vera])
    const socket = open(own, vera.token)
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'live' } }))
    const isHere = () => testApi.deps.liveHub.all().some((stream) => stream.actor.userId === vera.userId)
    await expect.poll(() => isHere()).toBe(true)
    socket.pause()
    // The kernel buffers megabytes as well, so the frames are large and many.
    for (let i = 0; i < 40 && isHere(); i += 1) {
      await addMessages(testApi.deps, chatId, { author: anna, count: 400, body: 'long '.repeat(800) })
      const before = await framesSent()
      await testApi.deps.liveHub.poll()
      await expect.poll(async () => (await framesSent()) > before || !isHere()).toBe(true)
    }
    await expect.poll(() => isHere()).toBe(false)
    socket.terminate()
  }, 60_000)
})

async function framesSent(): Promise<number> {
  return (await testApi.deps.metrics.frames.get()).values[0]?.value ?? 0
}

function open(origin: string | undefined, token?: string, localAddress = '127.0.0.1'): WebSocket {
  const headers = token ? { cookie: `veche=${token}` } : {}
  return new WebSocket(address, { ...(origin === undefined ? {} : { origin }), headers, localAddress })
}

function upgrade(origin: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = open(origin)
    socket.once('open', () => (socket.terminate(), resolve()))
    socket.once('error', reject)
  })
}

function subscribe(who: TestUser | null) {
  class OwnSocket extends WebSocket {
    constructor(url: string | URL) {
      super(url, { origin: own, headers: who ? { cookie: `veche=${who.token}` } : {} })
    }
  }
  const reader = new LiveMessageReader()
  const socket = createWSClient({
    url: address,
    WebSocket: OwnSocket as never,
    retryDelayMs: () => 60_000,
    experimental_encoder: { encode: JSON.stringify, decode: (text) => reader.read(text as string) as never },
  })
  const client = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] })
  const frames: LiveFrame[] = []
  const errors: (string | undefined)[] = []
  client.live.subscribe(undefined, {
    onData: (frame) => frames.push(frame),
    onError: (error) => errors.push(error.data?.veche.code),
  })
  closing.push(() => void socket.close())
  return { frames, errors, socket }
}
