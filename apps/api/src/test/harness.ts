import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@veche/db/migrate'
import { newestMigration } from '@veche/db/migrate'
import type { UserId } from '@veche/shared/ids'
import pg from 'pg'
import { afterAll } from 'vitest'
import type { Anyone, Ctx } from '../ctx.ts'
import { closeDeps, createDeps, type Deps } from '../deps.ts'
import { readEnv } from '../env.ts'
import { appRouter } from '../router.ts'
import { callerFactory } from '../trpc.ts'

/** Both clocks, moved together: JavaScript's here, SQL's through the offset that veche_now() adds in tests. */
export class TestClock {
  offset = 0
  now = (): number => Date.now() + this.offset
}

export type House = Awaited<ReturnType<typeof newHouse>>

/**
 * A house of its own for a test file: a database cloned from the migrated template, an own part of Redis, real everything. It is
 * taken down after the file.
 */
export async function newHouse(settings: Record<string, string> = {}) {
  const { url, drop } = await newTestDatabase()
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
  afterAll(async () => {
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
    afterAll(() => closeDeps(more))
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

export async function ctxFor(deps: Deps, who: { userId: UserId }): Promise<Ctx> {
  const { actor, ...rest } = await contextFor(deps, who)
  if (!actor) throw new Error('this person has no session')
  return { ...rest, actor }
}

function testEnv(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is set by ops/test/services.ts, the globalSetup of vitest`)
  return value
}

/** The template is migrated once per run; clones of it are made in milliseconds. */
async function newTestDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const admin = new pg.Client({ connectionString: testEnv('TEST_DATABASE_URL') })
  await admin.connect()
  const template = await ensureTemplate(admin)
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await admin.query('select pg_advisory_lock($1)', [templateLock])
  await admin.query(`create database ${name} template ${template}`)
  await admin.query('select pg_advisory_unlock($1)', [templateLock])
  const drop = async () => {
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.end()
  }
  return { url: databaseUrl(name), drop }
}

const templateLock = 8_327_502

async function ensureTemplate(admin: pg.Client): Promise<string> {
  const name = `template_${createHash('sha256')
    .update(`${await newestMigration()}2`)
    .digest('hex')
    .slice(0, 12)}`
  await admin.query('select pg_advisory_lock($1)', [templateLock])
  try {
    const ready = await admin.query(`select 1 from pg_database where datname = $1`, [`${name}_ready`])
    if (ready.rowCount) return `${name}_ready`
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.query(`create database ${name}`)
    await migrate(databaseUrl(name))
    await movableClock(databaseUrl(name))
    await admin.query(`alter database ${name} rename to ${name}_ready`)
    return `${name}_ready`
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [templateLock])
  }
}

async function movableClock(url: string): Promise<void> {
  await once(url, [
    'create table test_clock (shift interval not null)',
    "insert into test_clock values ('0')",
    `create or replace function veche_now() returns timestamptz language sql stable
       as 'select statement_timestamp() + (select shift from test_clock)'`,
  ])
}

async function setSqlClock(url: string, offset: number): Promise<void> {
  await once(url, [`update test_clock set shift = interval '${offset} milliseconds'`])
}

async function once(url: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

function databaseUrl(name: string): string {
  return testEnv('TEST_DATABASE_URL').replace(/^(postgres(?:ql)?:\/\/[^/]*\/)[^?]*/, `$1${name}`)
}
