import { sql } from 'kysely'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { jobs as mailJobs } from '../../mail/jobs.ts'
import { type TestApi, newTestApi } from '../../test/harness.ts'
import { newMail, mailRow } from '../../test/mails.ts'
import { withAdvisoryLock, startTimer, sweepJobs } from './sweep.ts'
import { checkJobs, runJob } from './jobs.ts'

const lock = 8_327_599

describe('work', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
  })

  it('does not begin while a name has no handler, or two', () => {
    expect(() => checkJobs([])).toThrow('"mail.send" has 0 handlers')
    expect(() => checkJobs([...mailJobs, ...mailJobs])).toThrow('"mail.send" has 2 handlers')
    expect(() => checkJobs(mailJobs)).not.toThrow()
  })

  it('drops a nudge that makes no sense, and one for a row that is gone', async () => {
    const [mail] = mailJobs
    for (const data of [null, {}, { mailId: 'x' }, { mailId: crypto.randomUUID() }, { mailId: [] }, 'text'])
      await expect(runJob(testApi.deps, mail!, data)).resolves.toBeUndefined()
  })

  it('that fails unexpectedly stays due, and does not end the worker', async () => {
    const [mail] = mailJobs
    const broken = { ...mail!, start: () => Promise.reject(new Error('unexpected')) }
    const id = await newMail(testApi.deps)
    await runJob(testApi.deps, broken, { mailId: id })
    expect((await mailRow(testApi.deps, id)).state).toBe('due')
  })

  it('is looked for by one process at a time', async () => {
    const id = await newMail(testApi.deps)
    await withAdvisoryLock(testApi.deps, lock, async () => {
      await sweepJobs(testApi.anotherProcess(), { jobs: mailJobs, lock })
      expect(await mailRow(testApi.deps, id)).toMatchObject({ state: 'due', attempts: 0 })
    })
    await sweepJobs(testApi.deps, { jobs: mailJobs, lock })
    expect((await mailRow(testApi.deps, id)).state).toBe('sent')
  })

  it('gives the lock back even when the round fails', async () => {
    const broken = mailJobs.map((given) => ({ ...given, due: () => Promise.reject(new Error('unexpected')) }))
    await expect(sweepJobs(testApi.deps, { jobs: broken, lock })).rejects.toThrow('unexpected')
    const { rows } = await sql<{ held: number }>`select count(*)::int as held from pg_locks
      where locktype = 'advisory' and objid = ${lock}`.execute(testApi.deps.db)
    expect(rows[0]?.held).toBe(0)
  })
})

describe('a timer', () => {
  it('never runs twice at once, survives a failing round, and stops', async () => {
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
    await vi.waitFor(() => expect(rounds).toBeGreaterThan(4), { timeout: 10_000 })
    await stop()
    expect({ most, running }).toEqual({ most: 1, running: 0 })
    const after = rounds
    await sql`select pg_sleep(0.05)`.execute(deps.db)
    expect(rounds).toBe(after)
  })
})
