import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import proxyAddr from '@fastify/proxy-addr'
import { SilentSockets } from '@veche/shared/SilentSockets'
import type { AnyRouter } from '@trpc/server'
import { applyWSSHandler, jsonEncoder } from '@trpc/server/adapters/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Deps } from '../deps.ts'
import { isOwnOrigin } from '../platform/http/origin.ts'
import { refuseUpgrade, type UpgradeHandler } from '../platform/http/upgrades.ts'
import { socketContext } from '../request-context.ts'
import { FrameBytes, LiveSocket } from './LiveSocket.ts'

const path = '/api/trpc'
const maxMessagesPerMinute = 100
/** A tab sends nothing but the request for its stream. */
const maxMessageBytes = 4_000
/** Those few calls that a tab may have made within a moment. */
const maxCallsPerMessage = 5
/** Each fragment of a message costs far more memory than the one byte that may be in it. */
const maxFragments = 16
/** A tab asks for its stream at once. A socket without one is closed after this. */
const maxSilentMs = 10_000
/** Sockets that have not asked for a stream. Three hundred people of one office may come at the same moment. */
const silentLimits = { total: 1_000, perAddress: 400 }
/** How long a client may take to close its socket, and its connection. */
const closeTimeoutMs = 1_000
const socketOptions = {
  maxPayload: maxMessageBytes,
  maxFragments,
  maxBufferedChunks: maxFragments * 16,
  perMessageDeflate: false,
  closeTimeout: closeTimeoutMs,
}

type SocketContext = Parameters<typeof socketContext>[2]

/** The WebSocket of the live stream. Browsers let any page open a socket to any server, so the origin is checked first. */
export function liveUpgrades(deps: Deps, router: AnyRouter): UpgradeHandler {
  const server = new WebSocketServer({ ...socketOptions, noServer: true })
  const trusted = proxyAddr.compile(deps.env.TRUSTED_PROXIES)
  const silent = new SilentSockets(silentLimits)
  const opened = new WeakMap<WebSocket, SocketContext>()
  const frameBytes = new FrameBytes()
  const handler = applyWSSHandler({
    wss: server,
    router,
    createContext: ({ req, res }) => socketContext(deps, req, opened.get(res)!),
    maxBatchSize: maxCallsPerMessage,
    experimental_encoder: { ...jsonEncoder, decode: decodeLimited },
    keepAlive: { enabled: true, pingMs: 15_000, pongWaitMs: 10_000 },
  })
  const open = (req: IncomingMessage, webSocket: WebSocket, connection: Duplex) => {
    const ip = proxyAddr(req, trusted)
    const socket = new LiveSocket(webSocket, connection, frameBytes)
    opened.set(webSocket, { ip, socket, onStream: endWhenSilent(silent, webSocket, ip) })
    webSocket.on('error', () => webSocket.terminate())
    limitMessages(webSocket)
    server.emit('connection', webSocket, req)
  }
  return {
    accepts: (asked) => asked === path,
    upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (!isOwnOrigin(deps.env, req.headers.origin)) return refuseUpgrade(socket, 403)
      server.handleUpgrade(req, socket, head, (webSocket) => open(req, webSocket, socket))
    },
    close: () => {
      handler.broadcastReconnectNotification()
      for (const client of server.clients) client.close(1012, 'restarting')
      server.close()
      setTimeout(() => server.clients.forEach((client) => client.terminate()), closeTimeoutMs).unref()
    },
  }
}

/** A list of a hundred calls would be answered a hundred times, so a long list is not read at all. */
function decodeLimited(data: string | ArrayBuffer | Uint8Array): unknown {
  const message = jsonEncoder.decode(data)
  if (Array.isArray(message) && message.length > maxCallsPerMessage) throw new Error('too many calls in one message')
  return message
}

/** Returns what to call when somebody has asked for a stream on it; that returns what to call when the stream has ended. */
function endWhenSilent(silent: SilentSockets, socket: WebSocket, ip: string): () => () => void {
  let streams = 0
  let stopWaiting = () => undefined as void
  const end = () => {
    socket.close(4008, 'silent')
    setTimeout(() => socket.terminate(), closeTimeoutMs).unref()
  }
  const wait = () => {
    const remove = silent.add(ip, end)
    const timer = setTimeout(end, maxSilentMs).unref()
    stopWaiting = () => {
      clearTimeout(timer)
      remove()
    }
  }
  wait()
  socket.once('close', () => stopWaiting())
  return () => {
    streams += 1
    stopWaiting()
    return () => {
      streams -= 1
      if (streams === 0 && socket.readyState === socket.OPEN) wait()
    }
  }
}

/** A tab asks for its stream and sends pings. A client that sends more wants to fill the memory with answers. */
function limitMessages(socket: WebSocket): void {
  let count = 0
  let minuteStart = Date.now()
  const onMessage = () => {
    if (Date.now() - minuteStart > 60_000) [count, minuteStart] = [0, Date.now()]
    count += 1
    if (count > maxMessagesPerMinute) socket.terminate()
  }
  socket.on('message', onMessage).on('ping', onMessage).on('pong', onMessage)
}
