import { newestMigration } from '@veche/db/migrate'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import { postgresCode } from '../db.ts'
import { isFromThisMachine } from './this-machine.ts'

export type PartHealth = 'ok' | 'degraded' | 'down'
export type Health = { ready: boolean; postgres: PartHealth; schema: PartHealth; redis: PartHealth }

/** Ready means that Postgres answers and has the schema. Without Redis everything still works, more slowly: that is degraded. */
export async function readHealth(deps: Deps): Promise<Health> {
  const [schema, redis] = await Promise.all([
    schemaState(deps),
    deps.redis.ping().then(
      () => 'ok' as const,
      () => 'degraded' as const,
    ),
  ])
  const postgres = schema === null ? 'down' : 'ok'
  return { ready: schema === 'ok', postgres, schema: schema ?? 'down', redis }
}

/** Anybody may ask, so all who ask within this time get one answer. */
const sharedMs = 500

export function serveHealth(http: FastifyInstance, deps: Deps): void {
  let readAt = -Infinity
  let reading: Promise<Health> | undefined
  const readShared = (): Promise<Health> => {
    if (reading && performance.now() - readAt < sharedMs) return reading
    readAt = performance.now()
    return (reading = readHealth(deps))
  }
  http.get('/livez', (_req, reply) => reply.header('cache-control', 'no-store').send({ live: true }))
  http.get('/readyz', async (_req, reply) => {
    const found = await readShared()
    return reply
      .header('cache-control', 'no-store')
      .code(found.ready ? 200 : 503)
      .send(found)
  })
  http.get('/metrics', async (req, reply) => {
    if (!mayReadMetrics(req, deps.env.METRICS_TOKEN)) return reply.code(404).send({ code: 'input.invalid' })
    return reply.type(deps.metrics.registry.contentType).send(await deps.metrics.registry.metrics())
  })
}

/** The port of a worker that serves no browsers: it tells about itself, and nothing else. */
export function createHealthServer(deps: Deps): FastifyInstance {
  const http = Fastify({ logger: false, requestTimeout: 30_000 })
  serveHealth(http, deps)
  return http
}

async function schemaState(deps: Deps): Promise<'ok' | 'down' | null> {
  try {
    const { rows } = await sql<{ name: string }>`select max(name) as name from kysely_migration`.execute(deps.polls)
    return (rows[0]?.name ?? '') >= (await newestMigration()) ? 'ok' : 'down'
  } catch (error) {
    // 42P01: the database is there, and nothing has been migrated yet.
    return postgresCode(error) === '42P01' ? 'down' : null
  }
}

/** Metrics tell strangers too much: a token opens them, and without a token only a program on this machine may read them. */
function mayReadMetrics(req: FastifyRequest, token: string | undefined): boolean {
  if (token) return req.headers.authorization === `Bearer ${token}`
  return isFromThisMachine(req.raw)
}
