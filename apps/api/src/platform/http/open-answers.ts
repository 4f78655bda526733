import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Browsers and proxies wait for an answer before they send the next request on a connection. */
const maxOpenAnswers = 10

/** Ends a connection on which many requests wait for their answers: each would hold a file or a query, and nobody reads them. */
export function limitOpenAnswers(server: Server): void {
  const open = new WeakMap<Socket, number>()
  server.on('request', ({ socket }: { socket: Socket }, answer: ServerResponse) => {
    const count = (open.get(socket) ?? 0) + 1
    open.set(socket, count)
    if (count > maxOpenAnswers) socket.destroy()
    answer.once('close', () => open.set(socket, (open.get(socket) ?? 1) - 1))
  })
}
