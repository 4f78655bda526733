import { sql } from 'kysely'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { mailTable } from '../../mail/delivery.ts'
import { type TestApi, newTestApi } from '../../test/harness.ts'
import { newMail, mailRow } from '../../test/mail/mails.ts'
import { withAdvisoryLock } from './advisory-lock.ts'
import { startTimer, sweepTable } from './sweep.ts'
import { tryRow } from './due-tables.ts'
import { followNudge, requireTableForEachName } from './nudges.ts'

describe('work', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
  })

  test('a worker does not start while a kind of work has no due table, or two', () => {
    expect(() => requireTableForEachName([])).toThrow('"mail.send" has 0 due tables')
    expect(() => requireTableForEachName([mailTable, mailTable])).toThrow('"mail.send" has 2 due tables')
    expect(() => requireTableForEachName(testApi.deps.dueTables)).not.toThrow()
  })

  test('a nudge that makes no sense or names a missing row is dropped', async () => {
    for (const id of [null, undefined, {}, [], 'text', crypto.randomUUID()])
      await expect(followNudge(testApi.deps, mailTable, { id })).resolves.toBeUndefined()
  })

  test('work that fails unexpectedly stays due and does not end the worker', async () => {
    const broken = { ...mailTable, columns: ['missing'] }
    const id = await newMail(testApi.deps)
    await tryRow(testApi.deps, broken, id)
    expect((await mailRow(testApi.deps, id)).state).toBe('due')
  })

  test('one process at a time sweeps for due work', async () => {
    const id = await newMail(testApi.deps)
    await withAdvisoryLock(testApi.deps, 'sweep mail.send', async () => {
      await sweepTable(testApi.anotherProcess(), mailTable)
      expect(await mailRow(testApi.deps, id)).toMatchObject({ state: 'due', attempts: 0 })
    })
    await sweepTable(testApi.deps, mailTable)
    expect((await mailRow(testApi.deps, id)).state).toBe('done')
  })

  test('a sweep that fails releases its lock', async () => {
    const broken = { ...mailTable, table: 'missing' }
    await expect(sweepTable(testApi.deps, broken)).rejects.toThrow('"missing" does not exist')
    const id = await newMail(testApi.deps)
    await sweepTable(testApi.anotherProcess(), mailTable)
    expect((await mailRow(testApi.deps, id)).state).toBe('done')
  })
})

describe('a timer', () => {
  test('a timer never runs twice at the same time, survives a failed round, and stops', async () => {
    const { deps } = await newTestApi()
    let running = 0
    let most = 0
    let rounds = 0
    const run = async () => {
      running += 1
      most = Math.max(most, running)
      rounds += 1
      await sql`select pg_sleep(0.03)`.execute(deps.db)
      running -= 1
      if (rounds === 2) throw new Error('a bad round')
    }
    const stop = startTimer(deps, { name: 'test', everyMs: 5, run })
    onTestFinished(stop)
    await expect.poll(() => rounds).toBeGreaterThan(4)
    await stop()
    expect({ most, running }).toEqual({ most: 1, running: 0 })
    const after = rounds
    await sql`select pg_sleep(0.05)`.execute(deps.db)
    expect(rounds).toBe(after)
  })
})
