import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../app.ts'
import { afterFile } from '../../test/cleanup.ts'
import { newTestApi } from '../../test/harness.ts'
import { limitUnreadAnswers, maxUnreadMs } from './unread-answers.ts'

const request = 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'

async function serve(listener: RequestListener) {
  const server = createServer()
  limitUnreadAnswers(server, 50)
  server.on('request', listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void (server.closeAllConnections(), server.close()))
  return server
}

function ask(server: Server) {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(request)
  return socket
}

test('a connection is ended whose client reads nothing of a long answer', async () => {
  // More than the buffers of two sockets hold.
  const server = await serve((_request, answer) => void answer.end(Buffer.alloc(64_000_000)))
  const served = once(server, 'request') as Promise<[IncomingMessage]>
  const client = ask(server).pause()
  onTestFinished(() => void client.destroy())
  const [{ socket }] = await served
  if (!socket.destroyed) await once(socket, 'close')
  expect(socket.destroyed).toBe(true)
})

test('an answer that takes longer to make is given, whole', async () => {
  const server = await serve(async ({ socket }, answer) => {
    for (let timeouts = 0; timeouts < 3; timeouts += 1) await once(socket, 'timeout')
    answer.end('late')
  })
  expect(await text(ask(server))).toMatch(/^HTTP\/1.1 200[^]*late$/)
})

test('the server for browsers waits half a minute for the readers of its answers', async () => {
  const { deps } = await newTestApi()
  const { http, close } = await createApp(deps)
  afterFile(close)
  await http.listen({ host: '127.0.0.1', port: 0 })
  const served = once(http.server, 'request') as Promise<[IncomingMessage]>
  const answer = text(ask(http.server))
  expect((await served)[0].socket.timeout).toBe(maxUnreadMs)
  expect(await answer).toMatch(/^HTTP\/1.1 200/)
})
