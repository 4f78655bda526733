import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import { sql } from 'kysely'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { newTestApi, type TestApi } from '../../test/harness.ts'
import { startHttp } from '../../test/http/requests.ts'
import { lockWaits } from '../../test/locks.ts'
import { limitOpenAnswers } from './open-answers.ts'

let testApi: TestApi
let port: number
beforeAll(async () => {
  testApi = await newTestApi()
  port = Number(new URL(await startHttp(testApi.deps)).port)
})

/** All that the server sends on a connection with `count` requests that do not wait for each other. */
async function pipelined(count: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const one = 'GET /readyz HTTP/1.1\r\nhost: localhost\r\n'
  socket.write(`${one}\r\n`.repeat(count - 1) + `${one}connection: close\r\n\r\n`)
  return await text(socket).catch(() => '')
}

test('a connection is ended on which many requests do not wait for their answers', async () => {
  expect((await pipelined(5)).match(/HTTP\/1.1 200/g)).toHaveLength(5)
  expect(await pipelined(5_000)).toBe('')
})

test('what came in one piece with more requests than a connection may have open is not carried out', async () => {
  const http = Fastify()
  onTestFinished(() => http.close())
  let carriedOut = 0
  limitOpenAnswers(http)
  http.get('/', async () => void (carriedOut += 1))
  const address = await http.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(1_000))
  await text(socket).catch(() => '')
  expect(carriedOut).toBeLessThanOrEqual(10)
})

test('the last request of a page is carried out although its connection is closed at once', async () => {
  const http = Fastify()
  onTestFinished(() => http.close())
  limitOpenAnswers(http)
  const carriedOut = new Promise<void>((resolve) => http.get('/', async () => resolve()))
  // The connection is closed before the request is looked at.
  http.server.prependListener('request', ({ socket }) => socket.destroy())
  const address = await http.listen({ host: '127.0.0.1', port: 0 })
  connect(Number(new URL(address).port), '127.0.0.1').write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await carriedOut
})

test('requests that ask at the same moment whether the process is ready share one answer', async () => {
  const base = await startHttp(testApi.anotherProcess())
  const asked: Promise<Response>[] = []
  await testApi.deps.db.transaction().execute(async (tx) => {
    await sql`lock table kysely_migration in access exclusive mode`.execute(tx)
    for (let count = 0; count < 10; count += 1) asked.push(fetch(`${base}/readyz`))
    await expect.poll(() => lockWaits({ polls: testApi.deps.db }, 'veche-polls')).toBe(1)
  })
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array(10).fill(200))
})
