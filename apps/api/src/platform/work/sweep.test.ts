import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { readEnv } from '../../env.ts'
import { mailTable } from '../../mail/delivery.ts'
import { newTestApi } from '../../test/harness.ts'
import { mailRow, newMail } from '../../test/mail/mails.ts'
import { muteServer } from '../../test/mail/smtp.ts'
import { waitBounds } from '../../test/waiting.ts'
import { workerTimers } from '../../worker.ts'
import { withAdvisoryLock } from './advisory-lock.ts'
import type { DueTable } from './due-tables.ts'
import type { WorkName } from './queue.ts'
import { startTimer, sweepTimer } from './sweep.ts'

test('all timers that run at the same time find connections in the smallest pool that is allowed', async () => {
  expect(() => readEnv({ DATABASE_POOL: '7' })).toThrow('DATABASE_POOL')
  const { deps } = await newTestApi({ DATABASE_POOL: '8' })
  const timers = workerTimers(deps, { sweepMs: 1, retentionMs: 1, meetingsMs: 1 })
  let done = 0
  const round = (name: string) =>
    withAdvisoryLock(deps, name, async () => {
      await deps.db.selectFrom('users').select('id').execute()
      done += 1
    })
  await Promise.all(timers.map(({ name }) => round(name)))
  expect(done).toBe(7)
})

test('a mail server that accepts and never answers delays no other kind of work', async () => {
  const server = await muteServer()
  const testApi = await newTestApi({ SMTP_URL: server.url })
  const { deps } = testApi
  const ids = await Promise.all(Array.from({ length: 8 }, () => newMail(deps)))
  let rounds = 0
  await sql`create table others (like mails including defaults)`.execute(deps.db)
  await sql`insert into others select * from mails limit 1`.execute(deps.db)
  const other: DueTable = {
    ...mailTable,
    name: 'other' as WorkName,
    table: 'others',
    run: () => {
      rounds += 1
      return Promise.reject(new Error('again'))
    },
    failureOf: () => ({ kind: 'other', answer: '', isTemporary: true }),
    retryDelaysMs: Array<number>(10_000).fill(0),
  }
  const stops = [mailTable, other].map((table) => startTimer(deps, sweepTimer(deps, { table, everyMs: 20 })))
  onTestFinished(async () => {
    await server.close()
    await Promise.all(stops.map((stop) => stop()))
  })
  await expect.poll(() => server.sockets, waitBounds).toBe(5)
  const before = rounds
  await expect.poll(() => rounds, waitBounds).toBeGreaterThan(before + 5)
  for (const id of ids) expect((await mailRow(deps, id)).state).toBe('due')
  expect(server.sockets).toBe(5)
})
