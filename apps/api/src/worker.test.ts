import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MailId } from '@veche/shared/ids'
import { Redis } from 'ioredis'
import { sql } from 'kysely'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Deps } from './deps.ts'
import { afterFile } from './test/cleanup.ts'
import { type TestApi, newTestApi } from './test/harness.ts'
import { minuteMs, newMail, newNudgedMail, mailRow } from './test/mail/mails.ts'
import { freePort, mailServer } from './test/mail/smtp.ts'
import { waitBounds } from './test/waiting.ts'
import { startWorker, type WorkerTimes } from './worker.ts'

const never = 3_600_000

describe('the worker', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
  })

  function working(deps: Deps, times: Partial<WorkerTimes> = {}): () => Promise<void> {
    const stop = startWorker([deps], { sweepMs: never, retentionMs: never, meetingsMs: never, ...times })
    onTestFinished(stop)
    return stop
  }

  const isSent = (deps: Deps, id: MailId) =>
    vi.waitFor(async () => expect((await mailRow(deps, id)).state).toBe('done'), waitBounds)

  test('the worker sends a mail right after the commit that made it due', async () => {
    const server = await mailServer()
    const deps = testApi.anotherProcess({ SMTP_URL: server.url })
    working(deps)
    await isSent(deps, await newNudgedMail(deps))
    expect(server.received).toHaveLength(1)
  })

  test('the worker finds mails by its sweep when no nudge told of them', async () => {
    const server = await mailServer()
    const deps = testApi.anotherProcess({ SMTP_URL: server.url })
    const ids = await Promise.all(Array.from({ length: 12 }, () => newMail(deps)))
    working(deps, { sweepMs: 200 })
    for (const id of ids) await isSent(deps, id)
    expect(server.received).toHaveLength(12)
  })

  test('the worker tries a failed mail again when its time has come, without a nudge', async () => {
    const port = await freePort()
    const deps = testApi.anotherProcess({ SMTP_URL: `smtp://127.0.0.1:${port}` })
    const id = await newMail(deps)
    const stop = working(deps, { sweepMs: 100 })
    await vi.waitFor(
      async () => expect(await mailRow(deps, id)).toMatchObject({ attempts: 1, claimed_until: null }),
      waitBounds,
    )
    await stop()
    const server = await mailServer()
    const back = testApi.anotherProcess({ SMTP_URL: server.url })
    working(back, { sweepMs: 100 })
    await testApi.passTime(31_000)
    await isSent(back, id)
  })

  test('the worker loses no mail while there is no Redis', async () => {
    const server = await mailServer()
    const deps = testApi.anotherProcess({ SMTP_URL: server.url, REDIS_URL: '/nonexistent/redis.sock' })
    working(deps, { sweepMs: 200 })
    await isSent(deps, await newNudgedMail(deps))
    expect(server.received).toHaveLength(1)
  })

  test('the worker loses no mail when Redis is wiped or restarted, and receives nudges again afterwards', async () => {
    const redis = await ownRedis()
    const server = await mailServer()
    const teller = testApi.anotherProcess({ SMTP_URL: server.url, REDIS_URL: redis.socket })
    await vi.waitFor(() => expect(teller.redis.status).toBe('ready'), waitBounds)
    const forgotten = await newNudgedMail(teller)
    await vi.waitFor(async () => expect((await teller.redis.keys('*mail.send*')).length).toBeGreaterThan(0), waitBounds)
    await teller.redis.flushall()
    const deps = testApi.anotherProcess({
      SMTP_URL: server.url,
      REDIS_URL: redis.socket,
      REDIS_PREFIX: teller.env.REDIS_PREFIX,
    })
    working(deps, { sweepMs: 200 })
    await isSent(deps, forgotten)
    await redis.restart()
    await isSent(deps, await newNudgedMail(teller))
    await vi.waitFor(() => expect(teller.redis.status).toBe('ready'), waitBounds)
    await isSent(deps, await newNudgedMail(teller))
    expect(server.received).toHaveLength(3)
  })

  test('a mail whose worker was killed while sending is sent by another worker, with the same Message-ID', async () => {
    let arrived = () => undefined as void
    const inTheMiddle = new Promise<void>((resolve) => (arrived = resolve))
    const mute = await mailServer({
      onData: (stream) => {
        stream.resume()
        stream.on('end', () => arrived())
      },
    })
    const child = workerProcess(testApi, { SMTP_URL: mute.url })
    const id = await newMail(testApi.deps)
    await inTheMiddle
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await mailRow(testApi.deps, id)).toMatchObject({
      state: 'due',
      attempts: 1,
      claimed_until: expect.any(Date),
    })
    const server = await mailServer()
    const deps = testApi.anotherProcess({ SMTP_URL: server.url })
    working(deps, { sweepMs: 100 })
    await testApi.passTime(91_000)
    await isSent(deps, id)
    expect(server.received).toHaveLength(1)
    expect(server.received[0]?.raw).toContain(`<${id}@localhost>`)
  })

  test('a worker that stops finishes the mail that it is sending', async () => {
    let arrived = () => undefined as void
    const inTheMiddle = new Promise<void>((resolve) => (arrived = resolve))
    let answer = () => undefined as void
    const server = await mailServer({
      onData: (stream, _session, callback) => {
        stream.resume()
        stream.on('end', () => {
          answer = () => callback()
          arrived()
        })
      },
    })
    const deps = testApi.anotherProcess({ SMTP_URL: server.url })
    const id = await newMail(deps)
    const stop = startWorker([deps], { sweepMs: 100, retentionMs: never, meetingsMs: never })
    await inTheMiddle
    const stopped = stop()
    answer()
    await stopped
    expect((await mailRow(deps, id)).state).toBe('done')
  })

  test('an idle worker stops without delay, also when Redis is gone', async () => {
    const deps = testApi.anotherProcess({ REDIS_URL: '/nonexistent/redis.sock' })
    const stop = working(deps)
    const startedAt = performance.now()
    await stop()
    await deps.queue.close()
    // A worker waits eight seconds for work in hand.
    expect(performance.now() - startedAt).toBeLessThan(8_000)
  })

  test('several workers send each mail once', async () => {
    const server = await mailServer()
    const all = [1, 2, 3].map(() => testApi.anotherProcess({ SMTP_URL: server.url }))
    for (const deps of all) working(deps, { sweepMs: 50 })
    const ids = await Promise.all(Array.from({ length: 20 }, () => newNudgedMail(all[0]!)))
    for (const id of ids) await isSent(all[0]!, id)
    expect(server.received).toHaveLength(20)
  })
})

describe('retention', () => {
  test('retention deletes sent mails, old attempts and old codes, and keeps mails that are due or were given up', async () => {
    const testApi = await newTestApi()
    const { deps } = testApi
    const ids = { done: await newMail(deps), due: await newMail(deps), given_up: await newMail(deps) }
    for (const state of ['done', 'given_up'] as const)
      await deps.db.updateTable('mails').set({ state }).where('id', '=', ids[state]).execute()
    await deps.db
      .updateTable('mails')
      .set({ retry_at: sql<Date>`'infinity'` })
      .where('id', '=', ids.due)
      .execute()
    await sql`insert into attempts values ('\\x01', veche_now(), 5)`.execute(deps.db)
    await sql`insert into codes (id, purpose, target, code_hash, expires_at)
      values (gen_random_uuid(), 'reset', 'a@example.org', '\\x01', veche_now() + interval '10 minutes')`.execute(
      deps.db,
    )
    const left = async () => ({
      mails: (await deps.db.selectFrom('mails').select('id').execute()).map(({ id }) => id).sort(),
      attempts: (await deps.db.selectFrom('attempts').select('key').execute()).length,
      codes: (await deps.db.selectFrom('codes').select('id').execute()).length,
    })
    const rounds = async () => {
      const stop = startWorker([deps], { sweepMs: never, retentionMs: 50, meetingsMs: never })
      await stop()
    }
    await rounds()
    expect(await left()).toEqual({ mails: Object.values(ids).sort(), attempts: 1, codes: 1 })
    await testApi.passTime(8 * 24 * 60 * minuteMs)
    await rounds()
    expect(await left()).toEqual({ mails: [ids.due, ids.given_up].sort(), attempts: 0, codes: 0 })
    expect(JSON.stringify((await mailRow(deps, ids.given_up)).data)).not.toContain('123456')
  })
})

/** A mail as features make it: due with the commit, and nudged after it. */
function workerProcess(testApi: TestApi, settings: Record<string, string>): ChildProcess {
  const { DATABASE_URL, REDIS_URL, REDIS_PREFIX, VECHE_SECRET, VECHE_DATA, PUBLIC_URL } = testApi.env
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const env = {
    DATABASE_URL,
    REDIS_URL,
    REDIS_PREFIX,
    VECHE_SECRET,
    VECHE_DATA,
    PUBLIC_URL,
    LOG_LEVEL: 'silent',
    PORT: '0',
    ...settings,
  }
  const child = spawn(process.execPath, [main, '--role', 'worker'], { env, stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

const redisServer = 'redis-server'

/** A Redis for this test alone, which may be wiped and restarted. */
async function ownRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'veche-redis-'))
  const socket = join(folder, 'r.sock')
  const start = async () => {
    const child = spawn(redisServer, ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder], {
      stdio: 'ignore',
    })
    process.once('exit', () => child.kill('SIGKILL'))
    const probe = new Redis(socket, { retryStrategy: () => 50, maxRetriesPerRequest: null })
    probe.on('error', () => undefined)
    await probe.ping()
    probe.disconnect()
    return child
  }
  let child = await start()
  const stop = async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  afterFile(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const restart = async () => {
    await stop()
    child = await start()
  }
  return { socket, restart }
}
