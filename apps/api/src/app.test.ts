import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createApp } from './app.ts'
import { createLogger } from './platform/logger.ts'
import { lockScopes } from './platform/scopes/locks.ts'
import { userScope } from './platform/scopes/scope.ts'
import { inTransaction } from './platform/transaction.ts'
import { newUser, type TestUser } from './test/builders.ts'
import { codeIn, post } from './test/http/requests.ts'
import { lockWaits } from './test/locks.ts'
import { type TestApi, newTestApi } from './test/harness.ts'

let testApi: TestApi
let anna: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  anna = await newUser(testApi.deps)
})

const cookie = () => `veche=${anna.token}`

test('the content security policy lets the page connect to the media nodes of SFU_ORIGINS and to no others', async () => {
  const app = await createApp(
    testApi.anotherProcess({ SFU_ORIGINS: 'wss://sfu-2.example.org, wss://sfu-3.example.org:8443/x' }),
  )
  const { headers } = await app.http.inject('/livez')
  await app.close()
  expect(headers['content-security-policy']).toContain(
    "connect-src 'self' ws://localhost:8080 wss://sfu-2.example.org wss://sfu-3.example.org:8443;",
  )
})

test('metrics without a token are for programs on this machine, and not for a page whose name points here', async () => {
  const app = await createApp(testApi.anotherProcess())
  const statusFor = async (headers: Record<string, string>) =>
    (await app.http.inject({ url: '/metrics', headers })).statusCode
  expect(await statusFor({ host: 'localhost:8080' })).toBe(200)
  for (const headers of [
    { host: 'evil.example' },
    { host: 'localhost', via: '1.1 proxy' },
    { host: 'localhost', 'x-real-ip': '1.2.3.4' },
  ])
    expect(await statusFor(headers)).toBe(404)
  await app.close()
})

test('a request carries at most twenty calls', async () => {
  const app = await createApp(testApi.anotherProcess())
  const statusOf = async (calls: number) => {
    const paths = Array.from({ length: calls }, () => 'auth.needsSetup').join(',')
    return (await app.http.inject({ url: `/api/trpc/${paths}?batch=1&input=%7B%7D` })).statusCode
  }
  expect([await statusOf(20), await statusOf(21)]).toEqual([200, 400])
  await app.close()
})

test('an answer tells its length once, also to a client that asks for one in parts', async () => {
  const app = await createApp(testApi.anotherProcess())
  const headers = { 'trpc-accept': 'application/jsonl' }
  const answer = await app.http.inject({ url: '/api/trpc/auth.needsSetup?batch=1&input=%7B%7D', headers })
  await app.close()
  expect(answer.statusCode).toBe(200)
  expect([answer.headers['content-length'], answer.headers['transfer-encoding']]).toEqual([
    String(answer.rawPayload.length),
    undefined,
  ])
})

test.each([
  ['an invalid host', 'GET', 'a b'],
  ['a host with a password', 'GET', 'a:b@c'],
  ['the method TRACE', 'TRACE', 'localhost'],
])('a request with %s is refused, and is no unexpected error', async (_what, method, host) => {
  const logged = new PassThrough()
  const app = await createApp(testApi.anotherProcess({}, { log: createLogger('error', 'api', logged) }))
  const port = Number(new URL(await app.http.listen({ host: '127.0.0.1', port: 0 })).port)
  const socket = connect(port, '127.0.0.1')
  socket.write(`${method} /api/trpc/auth.needsSetup HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
  const answer = await text(socket)
  await app.close()
  expect(answer).toMatch(/^HTTP\/1\.1 40[05]/)
  expect(logged.read()).toBeNull()
})

describe('stopping', () => {
  test('a stopping server answers the requests in flight and accepts no new ones', async () => {
    const { app, base } = await open()
    let asked: ReturnType<typeof post> | undefined
    let stopping: Promise<void> | undefined
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [userScope(anna.userId)])
      asked = post(base, 'users.updateSettings', { theme: 'dark' }, { cookie: cookie() })
      await expect.poll(() => lockWaits(testApi.deps, 'veche')).toBe(1)
      stopping = app.close()
      await expect(fetch(`${base}/livez`)).rejects.toThrow()
    })
    const answer = await asked!
    expect({ status: answer.status, code: codeIn(answer) }).toEqual({ status: 200, code: undefined })
    await stopping
  })

  test('a stopping server does not wait for a WebSocket whose client is silent', async () => {
    const { app, base } = await open()
    const socket = new WebSocket(`${base.replace('http', 'ws')}/api/trpc`, {
      origin: 'http://localhost:8080',
      headers: { cookie: cookie() },
    })
    await new Promise((resolve) => socket.once('open', resolve))
    socket.pause()
    const begun = Date.now()
    await app.close()
    expect(Date.now() - begun).toBeLessThan(5_000)
    socket.terminate()
  })
})

async function open() {
  const app = await createApp(testApi.anotherProcess())
  const base = await app.http.listen({ host: '127.0.0.1', port: 0 })
  return { app, base }
}
