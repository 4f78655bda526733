import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createApp } from '../app.ts'
import { newUsers } from '../test/builders.ts'
import { afterFile } from '../test/cleanup.ts'
import { type TestApi, newTestApi } from '../test/harness.ts'

let testApi: TestApi
let url: string
beforeAll(async () => {
  testApi = await newTestApi()
  const app = await createApp(testApi.deps)
  afterFile(() => app.close())
  url = (await app.http.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws') + '/api/trpc'
})

function open(localAddress: string, token?: string): WebSocket {
  const headers = token ? { cookie: `veche=${token}` } : {}
  const socket = new WebSocket(url, { origin: 'http://localhost:8080', headers, localAddress })
  onTestFinished(() => socket.terminate())
  return socket.on('error', () => undefined)
}

/** Milliseconds until the live stream says hello. */
async function helloMs(token: string): Promise<number> {
  const startedAt = performance.now()
  const socket = open('127.0.0.2', token)
  await once(socket, 'open')
  socket.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'live' } }))
  for await (const [message] of on(socket)) if (String(message).includes('"hello"')) break
  return performance.now() - startedAt
}

async function* on(socket: WebSocket): AsyncGenerator<[unknown]> {
  for (;;) yield (await once(socket, 'message')) as [unknown]
}

test('three hundred people of one address have their hello within two seconds while a thousand silent sockets stand and two hundred a second knock', async () => {
  const people = await newUsers(
    testApi.deps,
    Array.from({ length: 300 }, () => ({})),
  )
  const standing = Array.from({ length: 1_000 }, (_, index) => open(`127.0.1.${1 + (index % 3)}`))
  await Promise.all(standing.map((socket) => once(socket, 'open')))
  const knocking = setInterval(() => open('127.0.0.3'), 5)
  onTestFinished(() => clearInterval(knocking))
  await setTimeout(1_000)
  const waited: number[] = []
  // They come within two seconds, as after a restart.
  await Promise.all(
    people.map(async ({ token }, index) => {
      await setTimeout(index * 6)
      waited.push(await helloMs(token))
    }),
  )
  console.log(`hello: slowest ${Math.round(Math.max(...waited))} ms`)
  expect(waited).toHaveLength(300)
  expect(Math.max(...waited)).toBeLessThan(2_000)
})
