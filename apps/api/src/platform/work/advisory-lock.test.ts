import { createDatabase } from '@veche/db/client'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import type { Deps } from '../../deps.ts'
import { afterFile } from '../../test/cleanup.ts'
import { newTestApi, type TestApi } from '../../test/harness.ts'
import { waitBounds } from '../../test/waiting.ts'
import { withAdvisoryLock } from './advisory-lock.ts'

let testApi: TestApi
let elsewhere: Deps
beforeAll(async () => {
  testApi = await newTestApi()
  elsewhere = testApi.anotherProcess()
})

async function isFree(name: string): Promise<boolean> {
  let ran = false
  await withAdvisoryLock(elsewhere, name, async () => void (ran = true))
  return ran
}

async function killHolder(): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`.execute(
    elsewhere.db,
  )
}

test('of two processes one runs the round, and its end gives the lock back', async () => {
  await withAdvisoryLock(testApi.deps, 'round', async () => {
    expect(await isFree('round')).toBe(false)
    expect(await isFree('another round')).toBe(true)
  })
  await expect(withAdvisoryLock(testApi.deps, 'round', () => Promise.reject(new Error('failed')))).rejects.toThrow(
    'failed',
  )
  expect(await isFree('round')).toBe(true)
})

test('a round whose connection is killed begins nothing more, and another process may run it', async () => {
  const done: string[] = []
  const round = withAdvisoryLock(testApi.deps, 'round', async (signal) => {
    await killHolder()
    await expect.poll(() => signal.aborted, waitBounds).toBe(true)
    expect(await isFree('round')).toBe(true)
    for (const item of ['first', 'second']) {
      signal.throwIfAborted()
      done.push(item)
    }
  })
  await expect(round).rejects.toThrow('The connection that held the lock "round" was lost.')
  expect(done).toEqual([])
  // The killed connection is not given out again.
  await withAdvisoryLock(testApi.deps, 'round', async () => void done.push('next round'))
  expect(done).toEqual(['next round'])
})

test('a round that is longer than a connection may be silent keeps its lock', async () => {
  const db = createDatabase({ url: testApi.url, max: 1, name: 'veche', silenceMs: 1_500, onError: () => undefined })
  afterFile(() => db.destroy())
  await withAdvisoryLock({ db }, 'long round', async (signal) => {
    await sql`select pg_sleep(2.5)`.execute(elsewhere.db)
    expect(signal.aborted).toBe(false)
    expect(await isFree('long round')).toBe(false)
  })
  expect(await isFree('long round')).toBe(true)
})
