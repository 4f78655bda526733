import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/** Whatever takes a connection that wants to be more than one request. */
export type UpgradeDoor = {
  opens: (path: string) => boolean
  upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void
  close: () => void
}

/** The first door that opens for a path takes the connection; elsewhere there is nothing. */
export function serveUpgrades(http: FastifyInstance, doors: UpgradeDoor[]): void {
  http.server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    // tRPC builds an address of it, and what it throws there nobody would catch.
    if (!URL.canParse(`http://${req.headers.host}${req.url}`)) return refuseUpgrade(socket, 400)
    const path = req.url?.split('?')[0] ?? ''
    const door = doors.find(({ opens }) => opens(path))
    if (door) door.upgrade(req, socket, head)
    else refuseUpgrade(socket, 404)
  })
}

/** Whether the other side closes or not, nothing is kept of it. */
export function refuseUpgrade(socket: Duplex, status: 400 | 403 | 404 | 502): void {
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
