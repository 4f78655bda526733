import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newTestDatabase, setSqlClock } from '@veche/db/test-database'
import type { UserId } from '@veche/shared/ids'
import type { Anyone } from '../ctx.ts'
import { closeDeps, createDeps, type Deps, type GivenDeps } from '../deps.ts'
import { readEnv } from '../env.ts'
import { appRouter } from '../router.ts'
import { callerFactory } from '../trpc.ts'
import { afterFile } from './cleanup.ts'

/** A clock that tests move. The clock of SQL moves with it: `veche_now()` adds the same offset in tests. */
export class TestClock {
  offset = 0
  now = (): number => Date.now() + this.offset
}

export type TestApi = Awaited<ReturnType<typeof newTestApi>>

/** Hashing costs nothing here. Tests of the real cost make a process without it: `anotherProcess({}, {})`. */
const testPasswordCost = { memoryCost: 8, timeCost: 1, parallelism: 1 }

/**
 * An API of its own for a test file: a database cloned from the migrated template, a prefix of its own in Redis, and everything else
 * real. It is taken down after the file.
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
  const deps = createDeps(env, { clock, passwordCost: testPasswordCost })
  afterFile(async () => {
    await closeDeps(deps)
    await drop()
    rmSync(data, { recursive: true, force: true })
  })
  const passTime = async (ms: number) => {
    clock.offset += ms
    await setSqlClock(url, clock.offset)
  }
  /** One more process of the same installation: the same database, with connections of its own. */
  const anotherProcess = (
    other: Record<string, string> = {},
    givenDeps: GivenDeps = { passwordCost: testPasswordCost },
  ): Deps => {
    const more = createDeps(readEnv({ ...given, ...other }), { clock, ...givenDeps })
    afterFile(() => closeDeps(more))
    return more
  }
  return { deps, env, clock, passTime, url, anotherProcess }
}

/** Calls the real router as this person, or as nobody. */
export function callerFor(deps: Deps, who: { userId: UserId } | null, options: { signal?: AbortSignal } = {}) {
  return callerFactory(appRouter)(() => contextFor(deps, who), options)
}

/** The context of a request: the person's newest session, and their role now. */
export async function contextFor(deps: Deps, who: { userId: UserId } | null): Promise<Anyone> {
  const connection = {
    ip: '127.0.0.1',
    device: 'test',
    setCookie: () => undefined,
    clearCookie: () => undefined,
    setDeviceCookie: () => undefined,
  }
  if (!who) return { ...deps, actor: null, connection }
  const found = await deps.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'users.kind', 'users.role'])
    .where('sessions.user_id', '=', who.userId)
    .where('sessions.revoked_at', 'is', null)
    .where('users.disabled_at', 'is', null)
    .orderBy('sessions.created_at', 'desc')
    .executeTakeFirst()
  return {
    ...deps,
    actor: found ? { userId: who.userId, sessionId: found.id, kind: found.kind, role: found.role } : null,
    connection,
  }
}

function testEnv(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is set by ops/test/services.ts, the globalSetup of vitest`)
  return value
}
