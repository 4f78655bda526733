import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import proxyAddr from '@fastify/proxy-addr'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import type { AnyRouter } from '@trpc/server'
import { type WebSocket, WebSocketServer } from 'ws'
import { socketContext } from '../connection.ts'
import type { Deps } from '../deps.ts'
import { isOwnOrigin } from '../platform/origin.ts'
import { refuseUpgrade, type UpgradeDoor } from '../platform/upgrades.ts'

const path = '/api/trpc'
const wordsAMinute = 100
/** So long a socket has to say goodbye when the node stops. */
const goodbye = 1_000

/** The door of the stream: the origin is checked before anything else, since browsers let any page open a socket to anywhere. */
export function openSocketDoor(deps: Deps, router: AnyRouter): UpgradeDoor {
  const server = new WebSocketServer({ noServer: true, maxPayload: 64_000, perMessageDeflate: false })
  const trusted = proxyAddr.compile(deps.env.TRUSTED_PROXIES)
  const handler = applyWSSHandler({
    wss: server,
    router,
    createContext: ({ req, res }) => socketContext(deps, req, proxyAddr(req, trusted), res),
    keepAlive: { enabled: true, pingMs: 15_000, pongWaitMs: 10_000 },
  })
  server.on('connection', (socket) => {
    socket.on('error', () => socket.terminate())
    endChatter(socket)
  })
  return {
    opens: (asked) => asked === path,
    upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (!isOwnOrigin(deps.env, req.headers.origin)) return refuseUpgrade(socket, 403)
      server.handleUpgrade(req, socket, head, (opened) => server.emit('connection', opened, req))
    },
    close: () => {
      handler.broadcastReconnectNotification()
      for (const client of server.clients) client.close(1012, 'restarting')
      server.close()
      setTimeout(() => server.clients.forEach((client) => client.terminate()), goodbye).unref()
    },
  }
}

/** A tab asks for its stream and pings. Whoever says so much more wants answers to pile up here. */
function endChatter(socket: WebSocket): void {
  let said = 0
  let minute = Date.now()
  const hear = () => {
    if (Date.now() - minute > 60_000) [said, minute] = [0, Date.now()]
    said += 1
    if (said > wordsAMinute) socket.terminate()
  }
  socket.on('message', hear).on('ping', hear)
}
