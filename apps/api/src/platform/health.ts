import { newestMigration } from '@veche/db/migrate'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'

export type Part = 'ok' | 'degraded' | 'down'
export type Health = { ready: boolean; postgres: Part; schema: Part; redis: Part }

/** Postgres and the schema decide; without Redis everything goes on, more slowly, so that is degraded and never a reason to restart. */
export async function health(deps: Deps): Promise<Health> {
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

export function serveHealth(http: FastifyInstance, deps: Deps): void {
  http.get('/livez', (_req, reply) => reply.header('cache-control', 'no-store').send({ live: true }))
  http.get('/readyz', async (_req, reply) => {
    const found = await health(deps)
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

async function schemaState(deps: Deps): Promise<'ok' | 'down' | null> {
  try {
    const { rows } = await sql<{ name: string }>`select max(name) as name from kysely_migration`.execute(deps.polls)
    return (rows[0]?.name ?? '') >= (await newestMigration()) ? 'ok' : 'down'
  } catch (error) {
    // 42P01: there is a database, and nothing has been migrated yet.
    return error instanceof Error && 'code' in error && error.code === '42P01' ? 'down' : null
  }
}

/** Figures tell strangers too much. With a token anybody who has it may read; without one only a program of this machine. */
function mayReadMetrics(req: FastifyRequest, token: string | undefined): boolean {
  if (token) return req.headers.authorization === `Bearer ${token}`
  const direct = req.headers['x-forwarded-for'] === undefined && req.headers.forwarded === undefined
  return direct && /^(::1|127\.|::ffff:127\.)/.test(req.socket.remoteAddress ?? '')
}
