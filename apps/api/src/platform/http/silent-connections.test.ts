import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createApp } from '../../app.ts'
import { afterFile } from '../../test/cleanup.ts'
import { newTestApi } from '../../test/harness.ts'

let port: number
beforeAll(async () => {
  const testApi = await newTestApi()
  const app = await createApp(testApi.deps)
  afterFile(() => app.close())
  port = Number(new URL(await app.http.listen({ host: '127.0.0.1', port: 0 })).port)
})
afterEach(() => void vi.useRealTimers())

const open = async (localAddress = '127.0.0.1') => {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}
const request = 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n'

test('a connection without a whole request is ended after ten seconds, and one that has had a request is not', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const [silent, slow, served] = [await open(), await open(), await open()]
  slow.write('GET /livez HTTP/1.1\r\nhost: local')
  served.write(request)
  await once(served, 'data')
  const closed = [once(silent, 'close'), once(slow, 'close')]
  vi.advanceTimersByTime(10_000)
  await Promise.all(closed)
  served.write(request)
  const [answer] = (await once(served, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1.1 200/)
  served.destroy()
})
