import Fastify, { type FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import type { Node } from './Node.ts'

/** What the operator's tools ask on the signalling port. */
export function createApp(deps: Deps, node: Node): FastifyInstance {
  const { clock, metrics } = deps
  const http = Fastify({ logger: false, requestTimeout: 10_000, forceCloseConnections: true })
  http.addHook('onSend', async (_req, reply) => void reply.header('cache-control', 'no-store'))
  http.get('/livez', () => ({ live: true }))
  http.get('/readyz', (_req, reply) => {
    const { answeredAt } = node
    const heartbeatAge = answeredAt === null ? null : Math.round(clock.now() - answeredAt) / 1000
    const workers = node.workers.filter(({ alive }) => alive).length
    return reply
      .code(node.ready ? 200 : 503)
      .send({ ready: node.ready, workers, stopping: node.stopping, heartbeatAge })
  })
  http.get('/metrics', async (_req, reply) => {
    for (const { index, rooms, peers } of node.workers) {
      metrics.rooms.set({ worker: index }, rooms.size)
      metrics.peers.set({ worker: index }, peers)
    }
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  return http
}
