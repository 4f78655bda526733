import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/** Takes the WebSocket connections of the paths that it accepts. */
export type UpgradeHandler = {
  accepts: (path: string) => boolean
  upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void
  close: () => void
}

/** The first handler that accepts the path takes the connection; without one the answer is 404. */
export function serveUpgrades(http: FastifyInstance, handlers: UpgradeHandler[]): void {
  http.server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    // tRPC makes a URL of it, and an error that it throws there would end the process.
    if (!URL.canParse(`http://${req.headers.host}${req.url}`)) return refuseUpgrade(socket, 400)
    const path = req.url?.split('?')[0] ?? ''
    const handler = handlers.find(({ accepts }) => accepts(path))
    if (handler) handler.upgrade(req, socket, head)
    else refuseUpgrade(socket, 404)
  })
}

/** Destroys the socket after the answer, so that a client which keeps its end open costs nothing. */
export function refuseUpgrade(socket: Duplex, status: 400 | 403 | 404 | 502): void {
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
