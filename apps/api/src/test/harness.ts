import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newTestDatabase, setSqlClock } from '@veche/db/test-database'
import type { UserId } from '@veche/shared/ids'
import type { Anyone } from '../ctx.ts'
import { closeDeps, createDeps, type Deps } from '../deps.ts'
import { readEnv } from '../env.ts'
import { appRouter } from '../router.ts'
import { callerFactory } from '../trpc.ts'
import { afterFile } from './cleanup.ts'

/** Both clocks, moved together: JavaScript's here, SQL's through the offset that veche_now() adds in tests. */
export class TestClock {
  offset = 0
  now = (): number => Date.now() + this.offset
}

export type TestApi = Awaited<ReturnType<typeof newTestApi>>

/**
 * A house of its own for a test file: a database cloned from the migrated template, an own part of Redis, real everything. It is
 * taken down after the file.
 */
export async function newTestApi(settings: Record<string, string> = {}) {
  const { url, drop } = await newTestDatabase(testEnv('TEST_DATABASE_URL'))
  const data = mkdtempSync(join(tmpdir(), 'veche-test-'))
  const given = {
    DATABASE_URL: url,
    REDIS_URL: testEnv('TEST_REDIS_URL'),
    REDIS_PREFIX: `test-${randomUUID()}`,
    VECHE_SECRET: randomUUID() + randomUUID(),
    VECHE_DATA: data,
    PUBLIC_URL: 'http://localhost:8080',
    PORT: '0',
    LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
    DATABASE_POOL: '10',
    ...settings,
  }
  const env = readEnv(given)
  const clock = new TestClock()
  const deps = createDeps(env, { clock })
  afterFile(async () => {
    await closeDeps(deps)
    await drop()
    rmSync(data, { recursive: true, force: true })
  })
  const pass = async (ms: number) => {
    clock.offset += ms
    await setSqlClock(url, clock.offset)
  }
  /** A further process of the same installation: same database, own connections. */
  const another = (other: Record<string, string> = {}): Deps => {
    const more = createDeps(readEnv({ ...given, ...other }), { clock })
    afterFile(() => closeDeps(more))
    return more
  }
  return { deps, env, clock, pass, url, another }
}

/** A caller of the real router, for this person (or for nobody). */
export function callerFor(deps: Deps, who: { userId: UserId } | null) {
  return callerFactory(appRouter)(() => contextFor(deps, who))
}

/** As a request would see it: the person's newest session and the role of this moment. */
export async function contextFor(deps: Deps, who: { userId: UserId } | null): Promise<Anyone> {
  const connection = { ip: '127.0.0.1', device: 'test', setCookie: () => undefined, clearCookie: () => undefined }
  if (!who) return { ...deps, actor: null, connection }
  const found = await deps.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'users.role'])
    .where('sessions.user_id', '=', who.userId)
    .where('sessions.revoked_at', 'is', null)
    .where('users.disabled_at', 'is', null)
    .orderBy('sessions.created_at', 'desc')
    .executeTakeFirst()
  return { ...deps, actor: found ? { userId: who.userId, sessionId: found.id, role: found.role } : null, connection }
}

function testEnv(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is set by ops/test/services.ts, the globalSetup of vitest`)
  return value
}
