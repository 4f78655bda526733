import { createTRPCClient } from '@trpc/client'
import { createWSClient, wsLink } from '@trpc/client/links/wsLink/wsLink'
import type { AppRouter } from '@veche/api/router'
import { LiveMessageReader } from '@veche/shared/sent-frames'
import type { Socket, SocketEvents } from './live-api.ts'

export type SocketOptions = { url: () => string; WebSocket?: typeof WebSocket }

/** One WebSocket with one subscription. It does not reconnect by itself; `Connection` decides when to try again. */
export function openSocket(address: SocketOptions, events: SocketEvents): Socket {
  let isClosed = false
  const end = (error: unknown) => {
    if (isClosed) return
    isClosed = true
    void socket.close()
    events.closed(error)
  }
  const reader = new LiveMessageReader()
  const socket = createWSClient({
    ...address,
    experimental_encoder: { encode: JSON.stringify, decode: (text) => reader.read(text as string) as never },
    retryDelayMs: () => UNUSED_RETRY_MS,
    onClose: () => end(undefined),
    onError: () => end(undefined),
  })
  const client = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] })
  client.live.subscribe(undefined, {
    onData: (frame) => events.frame(frame),
    onError: end,
    onComplete: () => end(undefined),
  })
  return {
    ping: () => sendPing(socket.connection?.ws),
    close: () => {
      isClosed = true
      void socket.close()
    },
  }
}

/** tRPC would reconnect after this time, but the client is closed before. */
const UNUSED_RETRY_MS = 2_000

function sendPing(ws: WebSocket | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (ws?.readyState !== 1) return reject(new Error('the socket is closed'))
    const onMessage = ({ data }: MessageEvent) => {
      if (data !== 'PONG') return
      ws.removeEventListener('message', onMessage)
      resolve()
    }
    ws.addEventListener('message', onMessage)
    ws.send('PING')
  })
}
