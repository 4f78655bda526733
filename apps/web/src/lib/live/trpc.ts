import { createTRPCClient, createWSClient, wsLink, type TRPCClient } from '@trpc/client'
import type { AppRouter } from '@veche/api/router'
import type { LiveApi, Socket, SocketEvents } from './api.ts'

export type SocketAddress = { url: () => string; WebSocket?: typeof WebSocket }

/** The engine's calls over the typed client: questions and changes over HTTP, the stream over a socket of its own. */
export function liveApi(client: TRPCClient<AppRouter>, address: SocketAddress): LiveApi {
  return {
    state: (scopes) => client.sync.state.mutate({ scopes }),
    scope: (id, since) => client.sync.scope.query({ id, since }),
    chats: (cursor) => client.sync.chats.query({ cursor }),
    people: (ids) => client.users.get.query({ ids }),
    presence: (ids) => client.users.presence.query({ ids }),
    history: (ask) => client.messages.history.query(ask),
    send: (message) => client.messages.send.mutate(message),
    read: (chatId, seq) => client.messages.read.mutate({ chatId, seq }),
    delivered: (chatId, seq) => client.messages.delivered.mutate({ chatId, seq }),
    typing: (chatId) => client.messages.typing.mutate({ chatId }),
    listen: (events) => openSocket(address, events),
  }
}

/** One socket with one subscription. It does not come back by itself: when to try again is the connection's business. */
function openSocket(address: SocketAddress, events: SocketEvents): Socket {
  let over = false
  const end = (error: unknown) => {
    if (over) return
    over = true
    void socket.close()
    events.closed(error)
  }
  const socket = createWSClient({
    ...address,
    retryDelayMs: () => NEVER_REACHED_MS,
    // Also when nobody sleeps: a proxy that forgot the connection is noticed.
    keepAlive: { enabled: true, intervalMs: 25_000, pongTimeoutMs: 5_000 },
    onClose: () => end(undefined),
    onError: () => end(undefined),
  })
  const client = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] })
  client.live.subscribe(undefined, { onData: events.frame, onError: end, onComplete: () => end(undefined) })
  return {
    ping: () => pong(socket.connection?.ws),
    close: () => {
      over = true
      void socket.close()
    },
  }
}

/** The client is closed before its own attempt to reconnect would begin. */
const NEVER_REACHED_MS = 2_000

function pong(ws: WebSocket | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (ws?.readyState !== 1) return reject(new Error('the socket is closed'))
    const heard = ({ data }: MessageEvent) => {
      if (data !== 'PONG') return
      ws.removeEventListener('message', heard)
      resolve()
    }
    ws.addEventListener('message', heard)
    ws.send('PING')
  })
}
