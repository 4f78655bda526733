import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Deps } from './deps.ts'
import type { Node } from './Node.ts'

/** HTTP routes for the operator's tools, on the signalling port. */
export function createApp(deps: Deps, node: Node): FastifyInstance {
  const { clock, metrics } = deps
  const http = Fastify({ logger: false, requestTimeout: 10_000, forceCloseConnections: true })
  http.addHook('onSend', async (_req, reply) => void reply.header('cache-control', 'no-store'))
  http.get('/livez', () => ({ live: true }))
  http.get('/readyz', (_req, reply) => {
    const { answeredAt } = node
    const heartbeatAge = answeredAt === null ? null : Math.round(clock.now() - answeredAt) / 1000
    const workers = node.workers.filter(({ isAlive }) => isAlive).length
    return reply
      .code(node.ready ? 200 : 503)
      .send({ ready: node.ready, workers, stopping: node.stopping, heartbeatAge })
  })
  http.get('/metrics', async (req, reply) => {
    if (!mayReadMetrics(req, deps.env.METRICS_TOKEN)) return reply.code(404).send()
    for (const { index, rooms, seatCount } of node.workers) {
      metrics.rooms.set({ worker: index }, rooms.size)
      metrics.peers.set({ worker: index }, seatCount)
    }
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  return http
}

/** A caller needs the token. Without a token in the settings, only programs on this machine may read. The API has the same rule. */
function mayReadMetrics(req: FastifyRequest, token: string | undefined): boolean {
  if (token) return req.headers.authorization === `Bearer ${token}`
  const isDirect = req.headers['x-forwarded-for'] === undefined && req.headers.forwarded === undefined
  return isDirect && /^(::1|127\.|::ffff:127\.)/.test(req.socket.remoteAddress ?? '')
}
