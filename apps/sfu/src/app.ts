import Fastify, { type FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'

/** The node's door for its operator. It has no state to wait for yet, so it is ready as soon as it listens. */
export function createApp(): FastifyInstance {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'veche_sfu_' })
  const http = Fastify({ logger: false, requestTimeout: 10_000, forceCloseConnections: true })
  http.addHook('onSend', async (_req, reply) => void reply.header('cache-control', 'no-store'))
  http.get('/livez', () => ({ live: true }))
  http.get('/readyz', () => ({ ready: true }))
  http.get('/metrics', async (_req, reply) => reply.type(registry.contentType).send(await registry.metrics()))
  return http
}
