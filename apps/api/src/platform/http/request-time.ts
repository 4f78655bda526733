import { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body may take longer: the route sees to it that it comes steadily. */
    longBody?: boolean
  }
}

/** A request has arrived whole after this time, or its connection is cut. The timeout of Node would also cut long uploads. */
export function limitRequestTime(http: FastifyInstance, timeoutMs: number): void {
  http.addHook('onRequest', (req, _reply, done) => {
    const { socket } = req.raw
    // A request that was injected has no connection.
    if (!req.routeOptions.config.longBody && socket instanceof Socket) {
      const cut = () => void (req.raw.complete || socket.destroy())
      const timer = setTimeout(cut, timeoutMs)
      req.raw.once('close', () => clearTimeout(timer))
    }
    done()
  })
}
