import { execFile as execFileCallback } from 'node:child_process'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { text } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import cookie from '@fastify/cookie'
import Fastify from 'fastify'
import { beforeAll, describe, expect, test } from 'vitest'
import { type HttpRoute, type RouteAnswer, type RouteRequest, serveRoutes } from './http-routes.ts'
import type { Ctx } from './ctx.ts'
import { AppError } from './errors.ts'
import { limitRequestTime } from './platform/http/request-time.ts'
import { newUser, type TestUser } from './test/builders.ts'
import { afterFile } from './test/cleanup.ts'
import { newTestApi, type TestApi } from './test/harness.ts'

const MB = 1_000_000
const execFile = promisify(execFileCallback)
/** A long video. */
const LONGEST = 200 * MB
/** In the tests a sender is slow that sends less than this in a fifth of a second. */
const slowest = { windowMs: 200, minBytes: 1_000 }

let testApi: TestApi
let base: string
let member: TestUser
let admin: TestUser
/** How each upload ended, in the words of its route. */
const uploads: string[] = []

const routes: HttpRoute[] = [
  {
    method: 'GET',
    path: '/open',
    limit: 'read',
    access: 'open',
    handle: ({ ctx }) => ({ body: { me: ctx.actor?.userId ?? null } }),
  },
  {
    method: 'GET',
    path: '/mine/:id',
    limit: 'read',
    access: 'signedIn',
    handle: ({ ctx, params }) => ({ body: { me: ctx.actor.userId, id: params['id'] } }),
  },
  { method: 'GET', path: '/admin', limit: 'read', access: 'admin', handle: () => ({ body: 'for administrators' }) },
  { method: 'GET', path: '/for-guests', limit: 'read', access: 'guestOrSignedIn', handle: () => ({}) },
  { method: 'GET', path: '/elsewhere', limit: 'read', access: 'open', handle: () => ({ redirect: '/open' }) },
  {
    method: 'GET',
    path: '/broken',
    limit: 'read',
    access: 'open',
    handle: () => Promise.reject(new Error('a secret of the server')),
  },
  { method: 'GET', path: '/limited', limit: 'link', access: 'open', handle: () => ({}) },
  {
    method: 'POST',
    path: '/hook',
    limit: 'read',
    access: 'hook',
    maxBodyBytes: 100,
    handle: async ({ ctx, body }) => ({ body: { me: ctx.actor, sent: (await body.toArray()).join('') } }),
  },
  { method: 'PUT', path: '/upload', limit: 'change', access: 'signedIn', maxBodyBytes: LONGEST, handle: upload },
  {
    method: 'PUT',
    path: '/refusing',
    limit: 'read',
    access: 'open',
    maxBodyBytes: 100,
    handle: async ({ body }) => {
      await body.toArray()
      throw new AppError('file.quota_full')
    },
  },
  {
    method: 'GET',
    path: '/download',
    limit: 'read',
    access: 'open',
    handle: ({ query }) => ({ body: zeros(Number(query['bytes'])) }),
  },
]

beforeAll(async () => {
  testApi = await newTestApi()
  member = await newUser(testApi.deps)
  admin = await newUser(testApi.deps, { role: 'admin' })
  const http = Fastify()
  await http.register(cookie)
  limitRequestTime(http, 300)
  http.post('/whole', () => 'arrived')
  await serveRoutes(http, testApi.deps, routes, slowest)
  base = await http.listen({ host: '127.0.0.1', port: 0 })
  afterFile(() => http.close())
})

describe('access', () => {
  test.each([
    ['/open', 200, 200, 200],
    ['/mine/7', 401, 200, 200],
    ['/admin', 401, 403, 200],
  ])('%s answers nobody, a member and an administrator by its access', async (path, nobody, aMember, anAdmin) => {
    const answers = [await get(path), await get(path, member), await get(path, admin)]
    expect(answers.map(({ status }) => status)).toEqual([nobody, aMember, anAdmin])
  })

  test('a guest gets only what a route opens to guests', async () => {
    const guest = await newUser(testApi.deps, { kind: 'guest' })
    expect((await get('/for-guests', guest)).status).toBe(200)
    const refused = await get('/mine/7', guest)
    expect([refused.status, await refused.json()]).toEqual([403, { code: 'auth.guest_forbidden' }])
  })

  test('a route gets the actor and the parameters of its path', async () => {
    expect(await (await get('/mine/7', member)).json()).toEqual({ me: member.userId, id: '7' })
  })

  test('a change from a foreign page is refused, and a hook needs no page of ours but gets no actor', async () => {
    const cookie = `veche=${member.token}`
    const foreign = { method: 'PUT', body: 'x', headers: { cookie, 'x-veche': '1', origin: 'https://evil.example' } }
    expect((await fetch(`${base}/upload`, foreign)).status).toBe(403)
    expect((await fetch(`${base}/upload`, { method: 'PUT', body: 'x', headers: { cookie } })).status).toBe(403)
    const hooked = await fetch(`${base}/hook`, { method: 'POST', body: 'news', headers: { cookie } })
    expect(await hooked.json()).toEqual({ me: null, sent: 'news' })
  })
})

describe('an answer', () => {
  test('may be a redirect', async () => {
    const answer = await fetch(`${base}/elsewhere`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/open'])
  })

  test('an unexpected error is answered with a number and without a word of what it was', async () => {
    const answer = await get('/broken')
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { code: 'server.error', incident: expect.stringMatching(/^[0-9a-f]{8}$/) },
    ])
  })

  test('a limit that is reached is answered with the seconds to wait', async () => {
    const answers = await Promise.all(Array.from({ length: 61 }, () => get('/limited', member)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(1)
    expect(await refused[0]!.json()).toEqual({ code: 'request.too_many', retryAfterSeconds: expect.any(Number) })
  })

  test('a body is refused where the route takes none', async () => {
    const answer = await fetch(`${base}/admin`, { method: 'GET', headers: { cookie: `veche=${admin.token}` } })
    expect(answer.status).toBe(200)
    expect(await rawAnswer('GET /admin HTTP/1.1', ['content-length: 2', `cookie: veche=${admin.token}`], 'ab')).toMatch(
      /^HTTP\/1.1 400/,
    )
  })
})

test('a request without a long body is cut when it has not arrived whole in time', async () => {
  const cut = rawAnswer('POST /whole HTTP/1.1', ['content-type: application/json', 'content-length: 10'], '{')
  expect(await cut).toBe('')
})

describe('a long body', () => {
  test('a body of 200 MB never holds more than 32 MB of memory, in both directions', async () => {
    const memory = watchMemory()
    await sendAndReceive(LONGEST)
    expect(memory.stop() / MB).toBeLessThan(32)
  })

  test('more than the route takes is refused: by its length before a byte is read, and without a length when it is too much', async () => {
    const tooLong = [...mine(), `content-length: ${LONGEST + 1}`]
    expect(await rawAnswer('PUT /upload HTTP/1.1', tooLong, 'a')).toMatch(/^HTTP\/1.1 413[^]*request.too_large/)
    const hooked = await fetch(`${base}/hook`, {
      method: 'POST',
      body: zeros(MB) as never,
      duplex: 'half',
    } as RequestInit)
    expect([hooked.status, await hooked.json()]).toEqual([413, { code: 'request.too_large' }])
  })

  test('a sender whose whole body was read is told of a refusal too', async () => {
    const answer = await rawAnswer('PUT /refusing HTTP/1.1', ['x-veche: 1', 'content-length: 3'], 'abc')
    expect(answer).toMatch(/^HTTP\/1.1 422[^]*file.quota_full/)
  })

  test('a sender of a byte a second is refused, and others are served meanwhile', async () => {
    const slow = rawAnswer('PUT /upload HTTP/1.1', [...mine(), 'content-length: 1000'], 'a')
    expect((await get('/open')).status).toBe(200)
    expect(await slow).toMatch(/^HTTP\/1.1 408[^]*request.too_slow/)
    expect(uploads.at(-1)).toBe('request.too_slow')
  })

  test('a reader that lags behind makes nobody slow', async () => {
    const answer = await put(zeros(3 * MB), { 'x-read-after': '500' })
    expect(await answer.json()).toMatchObject({ bytes: 3 * MB })
  })

  test.each([
    ['aborts at half', (socket: ReturnType<typeof connect>) => socket.resetAndDestroy()],
    ['ends before the length that it told', (socket: ReturnType<typeof connect>) => socket.end()],
  ])('a sender that %s fails the upload, which never sees an end', async (_name, end) => {
    const before = uploads.length
    const socket = connect(Number(new URL(base).port), '127.0.0.1').on('error', () => undefined)
    socket.write(
      ['PUT /upload HTTP/1.1', 'host: x', ...mine(), 'content-length: 1000', '', 'a'.repeat(500)].join('\r\n'),
    )
    await expect.poll(() => uploads.at(-1)).toBe('begun')
    end(socket)
    await expect.poll(() => uploads.slice(before)).toEqual(['begun', 'gone'])
    expect((await get('/open')).status).toBe(200)
  })

  test('what comes after the length that was told is no part of the body', async () => {
    const answer = await rawAnswer('PUT /upload HTTP/1.1', [...mine(), 'content-length: 3'], 'abcdef')
    expect(answer).toMatch(/^HTTP\/1.1 400/)
    expect(uploads).not.toContain('6 bytes')
  })
})

/** Reads a body as a feature would: to its end, or it throws. */
async function upload({ body, raw }: RouteRequest<Ctx>): Promise<RouteAnswer> {
  uploads.push('begun')
  let bytes = 0
  try {
    await after(Number(raw.headers['x-read-after'] ?? 0))
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length
  } catch (error) {
    uploads.push(error instanceof AppError ? error.code : 'gone')
    throw error
  }
  uploads.push(`${bytes} bytes`)
  return { body: { bytes } }
}

function zeros(bytes: number): Readable {
  const piece = Buffer.alloc(64_000)
  let left = bytes
  return new Readable({
    read() {
      const size = Math.min(left, piece.length)
      left -= size
      this.push(size > 0 ? piece.subarray(0, size) : null)
    },
  })
}

function mine(): string[] {
  return [`cookie: veche=${member.token}`, 'x-veche: 1']
}

function get(path: string, who?: TestUser): Promise<Response> {
  return fetch(base + path, { headers: who ? { cookie: `veche=${who.token}` } : {} })
}

function put(body: Readable, headers: Record<string, string> = {}): Promise<Response> {
  const all = { cookie: `veche=${member.token}`, 'x-veche': '1', ...headers }
  return fetch(`${base}/upload`, { method: 'PUT', body: body as never, headers: all, duplex: 'half' } as RequestInit)
}

async function sendAndReceive(bytes: number): Promise<void> {
  const client = fileURLToPath(new URL('test/http/send-and-receive.ts', import.meta.url))
  const { stdout } = await execFile(process.execPath, [client, base, `veche=${member.token}`, `${bytes}`])
  expect(uploads.at(-1)).toBe(`${bytes} bytes`)
  expect(JSON.parse(stdout)).toMatchObject([{ status: 200 }, { status: 200, received: bytes }])
}

/** Sends these bytes, and resolves with all that the server answers until it closes the connection. */
async function rawAnswer(first: string, headers: string[], body: string): Promise<string> {
  const socket = connect(Number(new URL(base).port), '127.0.0.1')
  socket.write([first, 'host: x', 'connection: close', ...headers, '', body].join('\r\n'))
  return await text(socket)
}

/**
 * `stop` tells by how many bytes the memory in use has grown at most. Garbage does not count: when Node collects it depends on how busy
 * the machine is.
 */
function watchMemory() {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const inUse = () => {
    // The buffers that the first collection finds are freed beside it, and surely by the start of the second.
    collect()
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = inUse()
  let most = before
  const timer = setInterval(() => (most = Math.max(most, inUse())), 100)
  return {
    stop: () => {
      clearInterval(timer)
      return most - before
    },
  }
}
