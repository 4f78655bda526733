import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Browsers and proxies wait for an answer before they send the next request on a connection. */
const maxOpenAnswers = 10

/**
 * Ends a connection on which many requests wait for their answers: each would hold a file or a query, and nobody reads them. Hundreds of
 * requests may have come in one piece with the last one that is allowed; they are not carried out.
 */
export function limitOpenAnswers(http: FastifyInstance): void {
  const open = new WeakMap<Socket, number>()
  /** Not all that are closed: a page that is left sends a last request and closes its connection. */
  const refused = new WeakSet<Socket>()
  http.server.prependListener('request', ({ socket }: IncomingMessage, answer: ServerResponse) => {
    const count = (open.get(socket) ?? 0) + 1
    open.set(socket, count)
    if (count > maxOpenAnswers) {
      refused.add(socket)
      socket.destroy()
    }
    answer.once('close', () => open.set(socket, (open.get(socket) ?? 1) - 1))
  })
  http.addHook('onRequest', (req, reply, next) => {
    if (!refused.has(req.raw.socket)) return next()
    reply.hijack()
  })
}
