import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TRPCError } from '@trpc/server'
import { applyWSSHandler, jsonEncoder } from '@trpc/server/adapters/ws'
import { limits } from '@veche/shared/limits'
import type { FastifyInstance } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Deps } from '../deps.ts'
import { CallError } from '../errors.ts'
import { Line } from './SignallingSocket.ts'
import type { Node } from '../Node.ts'
import { isOwnOrigin } from './origin.ts'
import { sfuRouter } from '../router.ts'
import type { Ctx } from '../trpc.ts'

/** Calls in one message: a client that has several to make in one moment sends them together. */
const mostAtOnce = 20
/** Sockets that have not joined, at once. */
const mostUnjoined = 1_000
/** Pieces that a message comes in: each costs far more memory than the byte that may be in it. */
const mostPieces = 256

/** `empty` resolves when all who are connected have gone. */
type SignallingDoor = { close: () => void; empty: () => Promise<unknown> }

/** The door of the browsers. The origin is checked before anything else, since browsers let any page open a socket to anywhere. */
export function openSignallingDoor(http: FastifyInstance, deps: Deps, node: Node): SignallingDoor {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.call.messageBytes,
    maxFragments: mostPieces,
    maxBufferedChunks: mostPieces * 16,
    perMessageDeflate: false,
  })
  const lines = new WeakMap<WebSocket, Line>()
  server.on('connection', (socket: WebSocket) => lines.set(socket, receive(socket, deps)))
  applyWSSHandler({
    wss: server,
    router: sfuRouter,
    createContext: ({ res }): Ctx => ({ node, line: lines.get(res) ?? null }),
    maxBatchSize: mostAtOnce,
    experimental_encoder: { ...jsonEncoder, decode: decodeSmall },
    keepAlive: { enabled: true, pingMs: 5_000, pongWaitMs: 5_000 },
    onError: ({ ctx, error, path }) => {
      ctx?.line?.refused()
      logUnexpected(deps, error, path)
    },
  })
  http.server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refusal = refusalOf(req, deps, node, unjoinedOf(server, lines))
    if (refusal) return refuse(socket, refusal)
    server.handleUpgrade(req, socket, head, (opened) => server.emit('connection', opened, req))
  })
  return {
    empty: () => Promise.all([...server.clients].map(gone)),
    close: () => {
      for (const client of server.clients) client.close(1012, 'stopping')
      server.close()
      deps.clock.after(1_000, () => server.clients.forEach((client) => client.terminate()))
    },
  }
}

function gone(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve))
}

/** What a subscription throws comes past the procedures; what was refused on purpose is nobody's error. */
function logUnexpected({ log }: Deps, error: TRPCError, path: string | undefined): void {
  if (error.code !== 'INTERNAL_SERVER_ERROR' || error.cause instanceof CallError) return
  log.error({ err: error.cause ?? error, path }, 'an unexpected error')
}

function receive(socket: WebSocket, { clock, metrics }: Deps): Line {
  const line = new Line(socket, clock, metrics)
  metrics.sockets.inc()
  const hear = () => line.heard()
  socket.on('message', hear).on('ping', hear).on('pong', hear)
  socket.on('error', () => socket.terminate())
  const stop = clock.after(limits.call.joinSeconds * 1000, () => line.expire())
  socket.once('close', () => {
    stop()
    metrics.sockets.dec()
  })
  return line
}

/** A list of ten thousand calls would be answered ten thousand times: it is not read at all. */
function decodeSmall(data: string | ArrayBuffer | Uint8Array): unknown {
  const message = jsonEncoder.decode(data)
  if (Array.isArray(message) && message.length > mostAtOnce) throw new Error('too many calls at once')
  return message
}

function unjoinedOf(server: WebSocketServer, lines: WeakMap<WebSocket, Line>): number {
  let count = 0
  for (const client of server.clients) if (!lines.get(client)?.peer) count += 1
  return count
}

function refusalOf(req: IncomingMessage, { env }: Deps, node: Node, unjoined: number): string | undefined {
  const url = `http://${req.headers.host ?? 'localhost'}${req.url ?? ''}`
  if (!URL.canParse(url)) return '400 Bad Request'
  if (!['/', `/sfu/${node.id}`].includes(new URL(url).pathname)) return '404 Not Found'
  if (!isOwnOrigin(env.PUBLIC_URL, req.headers.origin)) return '403 Forbidden'
  return node.stopping || unjoined >= mostUnjoined ? '503 Service Unavailable' : undefined
}

/** Nobody reads such a socket any more, so nobody would hear that its other end was closed: it is let go of with the last word. */
function refuse(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
