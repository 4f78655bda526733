import { createServer, type Server } from 'node:https'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { apiIdentity, controlTls } from '@veche/shared/nodes'
import type { Deps } from '../deps.ts'
import type { Node } from '../Node.ts'
import { controlRouter } from '../router.ts'
import type { Ctx } from '../trpc.ts'

/** Serves the API. A caller that does not prove in the TLS handshake that it has this node's key gets no answer at all. */
export function createControlServer({ env }: Deps, node: Node): Server {
  const psk = Buffer.from(env.SFU_KEY, 'hex')
  const handler = createHTTPHandler({
    router: controlRouter,
    createContext: (): Ctx => ({ node, socket: null }),
    maxBodySize: 2_000_000,
    maxBatchSize: 200,
    onError: () => undefined,
  })
  const server = createServer({
    ...controlTls,
    pskCallback: (_socket, identity) => (identity === apiIdentity ? psk : null),
    requestTimeout: 10_000,
    handshakeTimeout: 3_000,
  })
  server.on('request', (req, res) => {
    res.setHeader('cache-control', 'no-store')
    handler(req, res)
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.on('clientError', (_error, socket) => socket.destroy())
  return server
}
