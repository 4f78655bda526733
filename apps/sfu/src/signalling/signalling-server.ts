import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TRPCError } from '@trpc/server'
import { applyWSSHandler, jsonEncoder } from '@trpc/server/adapters/ws'
import { callLimits } from '@veche/shared/meeting-limits'
import { SilentSockets } from '@veche/shared/SilentSockets'
import type { FastifyInstance } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Deps } from '../deps.ts'
import { CallError } from '../errors.ts'
import type { Node } from '../Node.ts'
import { sfuRouter } from '../router.ts'
import type { Ctx } from '../trpc.ts'
import { clientAddress } from './client-address.ts'
import { isOwnOrigin } from './origin.ts'
import { SignallingSocket } from './SignallingSocket.ts'

/** A client may send several calls in one message. */
const maxCallsPerMessage = 20
/** Open sockets that have not joined. Three hundred people of one office may come at the same moment. */
const unjoinedSockets = { total: 1_000, perAddress: 400 }
/** Each fragment of a message costs far more memory than the one byte that may be in it. */
const maxFragments = 256

/** `drained` resolves when all sockets that are open now have closed. */
type SignallingServer = { close: () => void; drained: () => Promise<unknown> }

/** Serves the browsers. It checks the origin first, because browsers let any page open a socket to any address. */
export function startSignallingServer(http: FastifyInstance, deps: Deps, node: Node): SignallingServer {
  const server = newWebSocketServer()
  const sockets = new WeakMap<WebSocket, SignallingSocket>()
  const unjoined = new SilentSockets(unjoinedSockets)
  server.on('connection', (socket: WebSocket, req: IncomingMessage) => {
    const accepted = accept(socket, deps)
    sockets.set(socket, accepted)
    countUntilJoined(unjoined, accepted, socket, clientAddress(deps.env, req))
  })
  applyWSSHandler({
    wss: server,
    router: sfuRouter,
    createContext: ({ res }): Ctx => ({ node, socket: sockets.get(res) ?? null }),
    maxBatchSize: maxCallsPerMessage,
    experimental_encoder: { ...jsonEncoder, decode: decodeLimited },
    keepAlive: { enabled: true, pingMs: 5_000, pongWaitMs: 5_000 },
    onError: ({ ctx, error, path }) => {
      ctx?.socket?.countMessage()
      logUnexpected(deps, error, path)
    },
  })
  http.server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refusal = refusalOf(req, deps, node)
    if (refusal) return refuse(socket, refusal)
    server.handleUpgrade(req, socket, head, (opened) => server.emit('connection', opened, req))
  })
  return {
    drained: () => Promise.all([...server.clients].map(whenClosed)),
    close: () => {
      for (const client of server.clients) client.close(1012, 'stopping')
      server.close()
      deps.clock.after(1_000, () => server.clients.forEach((client) => client.terminate()))
    },
  }
}

function newWebSocketServer(): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    maxPayload: callLimits.messageBytes,
    maxFragments,
    maxBufferedChunks: maxFragments * 16,
    perMessageDeflate: false,
  })
}

function whenClosed(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve))
}

/** Errors of a subscription do not pass the middleware of the procedures. Those thrown on purpose are not logged. */
function logUnexpected({ log }: Deps, error: TRPCError, path: string | undefined): void {
  if (error.code !== 'INTERNAL_SERVER_ERROR' || error.cause instanceof CallError) return
  log.error({ err: error.cause ?? error, path }, 'an unexpected error')
}

function accept(socket: WebSocket, { clock, metrics }: Deps): SignallingSocket {
  const accepted = new SignallingSocket(socket, clock, metrics)
  metrics.sockets.inc()
  const noteMessage = () => accepted.noteMessage()
  socket.on('message', noteMessage).on('ping', noteMessage).on('pong', noteMessage)
  socket.on('error', () => socket.terminate())
  const cancel = clock.after(callLimits.joinSeconds * 1000, () => accepted.endJoinTime())
  socket.once('close', () => {
    cancel()
    metrics.sockets.dec()
  })
  return accepted
}

function countUntilJoined(unjoined: SilentSockets, accepted: SignallingSocket, socket: WebSocket, ip: string): void {
  const joined = unjoined.add(ip, () => accepted.cut('crowded'))
  socket.once('close', joined)
  accepted.onJoined = joined
}

/** A list of ten thousand calls would be answered ten thousand times, so a long list is not read at all. */
function decodeLimited(data: string | ArrayBuffer | Uint8Array): unknown {
  const message = jsonEncoder.decode(data)
  if (Array.isArray(message) && message.length > maxCallsPerMessage) throw new Error('too many calls in one message')
  return message
}

function refusalOf(req: IncomingMessage, { env }: Deps, node: Node): string | undefined {
  const url = `http://${req.headers.host ?? 'localhost'}${req.url ?? ''}`
  if (!URL.canParse(url)) return '400 Bad Request'
  if (!['/', `/sfu/${node.id}`].includes(new URL(url).pathname)) return '404 Not Found'
  if (!isOwnOrigin(env.PUBLIC_URL, req.headers.origin)) return '403 Forbidden'
  return node.stopping ? '503 Service Unavailable' : undefined
}

/** Nothing reads a refused socket, so the node would not notice that its other end closed. It is destroyed after the answer is sent. */
function refuse(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
