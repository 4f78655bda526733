import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import type { Deps } from '../../deps.ts'
import { newUser } from '../../test/builders.ts'
import { callerFor, newTestApi, type TestApi } from '../../test/harness.ts'
import { outcomeOf } from '../../test/outcome.ts'
import { waitBounds } from '../../test/waiting.ts'
import { deleteOldGivenUpRows, discardGivenUpRow, readGivenUpRows, retryGivenUpRow } from './given-up.ts'
import { type DueTable, findDueRows, runDueRow, tryRowInTurn } from './due-tables.ts'
import type { WorkName } from './queue.ts'
import { sweepTable } from './sweep.ts'

type Bell = { id: string; tower: string }

let testApi: TestApi
let deps: Deps
/** What happens when a bell rings; each test decides. */
let ring: (bell: Bell) => Promise<void>
beforeAll(async () => {
  testApi = await newTestApi()
  deps = { ...testApi.deps, dueTables: [bells] }
  await sql`create table bells (
    id uuid primary key, tower text not null, rung_at timestamptz, state text not null default 'due',
    attempts integer not null default 0, retry_at timestamptz not null default veche_now(), claimed_until timestamptz,
    error text, created_at timestamptz not null default veche_now())`.execute(deps.db)
})

const bells: DueTable = {
  name: 'bell.ring' as WorkName,
  table: 'bells',
  columns: ['tower'],
  // It is renewed after a third of it, which no test takes, however slow the machine is.
  leaseMs: 3_600_000,
  retryDelaysMs: [10_000],
  run: (_deps, bell: Bell) => ring(bell),
  failureOf: (thrown) => ({ kind: 'rope', answer: String(thrown), isTemporary: String(thrown) !== 'Error: cut' }),
  changesAtEnd: (end) => (end === 'done' ? [sql`rung_at = veche_now()`] : []),
  about: ({ tower }: Bell) => ({ word: 'bell', name: tower }),
  describeFailure: (error, locale) => `${locale} ${error}`,
}

async function newBell(tower = 'North'): Promise<string> {
  const id = randomUUID()
  await sql`insert into bells (id, tower) values (${id}, ${tower})`.execute(deps.db)
  return id
}

type BellRow = {
  state: string
  attempts: number
  error: string | null
  claimed_until: Date | null
  rung_at: Date | null
}

async function bellRow(id: string): Promise<BellRow> {
  const { rows } = await sql<BellRow>`select * from bells where id = ${id}`.execute(deps.db)
  return rows[0]!
}

async function isFound(id: string): Promise<boolean> {
  return (await findDueRows(deps, bells)).some((row) => row.id === id)
}

async function countOf(outcome: string): Promise<number> {
  const { values } = await deps.metrics.work.get()
  const isOurs = ({ labels }: (typeof values)[number]) =>
    labels['name'] === 'bell.ring' && labels['outcome'] === outcome
  return values.filter(isOurs).reduce((sum, { value }) => sum + value, 0)
}

const fails = (reason: string) => () => Promise.reject(new Error(reason))

test('a sweep finds the rows of any due table and does each once, however many workers look', async () => {
  const rung: string[] = []
  ring = async ({ id, tower }) => void rung.push(`${id} ${tower}`)
  const before = await countOf('done')
  const ids = [await newBell(), await newBell(), await newBell()]
  const other = testApi.anotherProcess()
  await Promise.all([sweepTable(deps, bells), sweepTable(other, bells), ...ids.map((id) => runDueRow(deps, bells, id))])
  expect(rung.sort()).toEqual(ids.map((id) => `${id} North`).sort())
  expect(await bellRow(ids[0]!)).toMatchObject({ state: 'done', attempts: 1, error: null, claimed_until: null })
  expect((await bellRow(ids[0]!)).rung_at).not.toBeNull()
  expect(await countOf('done')).toBeGreaterThan(before)
})

test('a row whose worker disappeared is done by another one when the lease has run out, and the first one changes nothing', async () => {
  const stuck = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const id = await newBell()
  ring = () => {
    begun.resolve()
    return stuck.promise
  }
  const lost = runDueRow(deps, bells, id)
  await begun.promise
  ring = fails('the rope is wet')
  await runDueRow(deps, bells, id)
  expect(await bellRow(id)).toMatchObject({ state: 'due', attempts: 1 })
  expect(await isFound(id)).toBe(false)
  await testApi.passTime(3_601_000)
  expect(await isFound(id)).toBe(true)
  await runDueRow(deps, bells, id)
  const second = await bellRow(id)
  expect(second).toMatchObject({ state: 'given_up', attempts: 2, error: 'rope: Error: the rope is wet' })
  stuck.reject(new Error('much too late'))
  await lost
  expect(await bellRow(id)).toEqual(second)
})

test('the lease of a row is renewed while its work goes on, so that a lease can be short', async () => {
  const end = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const id = await newBell()
  ring = () => {
    begun.resolve()
    return end.promise
  }
  const ringing = runDueRow(deps, { ...bells, leaseMs: 300 }, id)
  await begun.promise
  const first = (await bellRow(id)).claimed_until!
  await expect.poll(async () => (await bellRow(id)).claimed_until, waitBounds).not.toEqual(first)
  end.resolve()
  await ringing
  expect(await bellRow(id)).toMatchObject({ state: 'done', attempts: 1, claimed_until: null })
})

test('of work that is done one at a time, a process claims no second row while it does one', async () => {
  const [end, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const rung: string[] = []
  ring = async ({ id }) => {
    rung.push(id)
    begun.resolve()
    await end.promise
  }
  const turns: DueTable = { ...bells, owner: sql`tower`, oneAtATime: true }
  const ids = [await newBell('East'), await newBell('East')]
  const both = ids.map((id) => tryRowInTurn(deps, turns, id))
  await begun.promise
  const claimed = await sql`select from bells where tower = 'East' and claimed_until is not null`.execute(deps.db)
  expect([rung.length, claimed.rows.length]).toEqual([1, 1])
  end.resolve()
  await Promise.all(both)
  expect(rung.toSorted()).toEqual(ids.toSorted())
})

test('a row that fails is tried again after its delay, and given up after its last try', async () => {
  ring = fails('the rope is wet')
  const [retries, ends] = [await countOf('retry'), await countOf('given_up')]
  const id = await newBell()
  await runDueRow(deps, bells, id)
  expect(await bellRow(id)).toMatchObject({ state: 'due', attempts: 1, claimed_until: null })
  expect(await isFound(id)).toBe(false)
  await testApi.passTime(10_000)
  expect(await isFound(id)).toBe(true)
  await runDueRow(deps, bells, id)
  expect(await bellRow(id)).toMatchObject({ state: 'given_up', attempts: 2, rung_at: null })
  expect({ retries: (await countOf('retry')) - retries, ends: (await countOf('given_up')) - ends }).toEqual({
    retries: 1,
    ends: 1,
  })
})

test('a failure that is not temporary, and a row that ends the worker each time, are given up at once', async () => {
  ring = fails('cut')
  const [cut, deadly] = [await newBell(), await newBell()]
  await runDueRow(deps, bells, cut)
  expect(await bellRow(cut)).toMatchObject({ state: 'given_up', attempts: 1, error: 'rope: Error: cut' })
  await sql`update bells set attempts = 2 where id = ${deadly}`.execute(deps.db)
  await runDueRow(deps, bells, deadly)
  expect(await bellRow(deadly)).toMatchObject({ state: 'given_up', error: 'killed' })
})

test('administrators see what was given up of any kind, retry it with all its tries, or discard it', async () => {
  ring = fails('cut')
  const api = callerFor(deps, await newUser(deps, { role: 'admin' })).admin
  const [first, second] = [await newBell('East'), await newBell('West')]
  for (const id of [first, second]) await runDueRow(deps, bells, id)
  const { work } = await api.givenUpWork()
  expect(work.find(({ id }) => id === first)).toEqual({
    kind: 'bell.ring',
    id: first,
    word: 'bell',
    name: 'East',
    attempts: 1,
    error: 'en rope: Error: cut',
    createdAt: expect.any(String),
  })
  await api.retryWork({ kind: 'bell.ring', id: first })
  expect(await bellRow(first)).toMatchObject({ state: 'due', attempts: 0, error: null })
  await api.discardWork({ kind: 'bell.ring', id: second })
  expect((await bellRow(second)).state).toBe('discarded')
  const left = (await api.givenUpWork()).work.map(({ id }) => id)
  expect(left).not.toContain(first)
  expect(left).not.toContain(second)
  for (const kind of ['bell.ring', 'mail.send', 'unheard of'])
    expect(await outcomeOf(api.retryWork({ kind, id: second }))).toBe('work.not_found')
})

test('work of any kind that was given up is deleted after KEEP_GIVEN_UP_DAYS, and other work is not', async () => {
  ring = fails('cut')
  const [given, due] = [await newBell(), await newBell()]
  await runDueRow(deps, bells, given)
  const left = async () => {
    await deleteOldGivenUpRows(deps)
    const { rows } = await sql<{ id: string }>`select id from bells where id in (${given}, ${due})`.execute(deps.db)
    return rows.map(({ id }) => id).sort()
  }
  await testApi.passTime(89 * 86_400_000)
  expect(await left()).toEqual([given, due].sort())
  await testApi.passTime(2 * 86_400_000)
  expect(await left()).toEqual([due])
})

test('where people take turns, the work of one who has little does not wait for all the work of another', async () => {
  await sql`delete from bells`.execute(deps.db)
  const turns = { ...bells, owner: sql`tower` }
  const rung: string[] = []
  const held = Promise.withResolvers<void>()
  ring = async ({ tower }) => {
    rung.push(tower)
    if (rung.length === 1) await held.promise
  }
  for (const tower of ['North', 'North', 'North', 'North', 'South', 'South', 'East']) await newBell(tower)
  const nudged = await newBell('North')
  const first = tryRowInTurn(deps, turns, nudged)
  await expect.poll(() => rung).toEqual(['North'])
  for (let n = 0; n < 6; n += 1) await tryRowInTurn(deps, turns, nudged)
  expect(rung).toEqual(['North', 'South', 'East', 'North', 'South', 'North', 'North'])
  held.resolve()
  await Promise.all([first, sweepTable(deps, turns)])
  expect(rung).toHaveLength(8)
  await tryRowInTurn(deps, turns, nudged)
  expect(rung).toHaveLength(8)
})

test('of many people with much work each is found, first those for whom least was done in the last hour', async () => {
  await sql`delete from bells`.execute(deps.db)
  const turns = { ...bells, owner: sql`tower` }
  const add = (count: number, tower: string, state = 'due') =>
    sql`insert into bells (id, tower, state) select gen_random_uuid(), ${tower}, ${state} from generate_series(1, ${count}::int)`.execute(
      deps.db,
    )
  const found = async () => {
    const ids = (await findDueRows(deps, turns)).map((row) => row.id)
    return await Promise.all(ids.map(async (id) => ((await bellRow(id)) as unknown as Bell).tower))
  }
  await add(300, 'West')
  expect(await found()).toEqual(Array.from({ length: 100 }, () => 'West'))
  await add(300, 'North')
  await add(2, 'North', 'done')
  await add(1, 'South')
  await add(1, 'South', 'given_up')
  const towers = await found()
  expect(towers.slice(0, 6).sort()).toEqual(['North', 'South', 'West', 'West', 'West', 'West'].sort())
  expect(towers[0]).toBe('West')
  expect(towers.indexOf('South')).toBeLessThan(towers.indexOf('North'))
  await testApi.passTime(3_601_000)
  await add(150, 'East')
  expect((await found()).slice(0, 4).sort()).toEqual(['East', 'North', 'South', 'West'])
})

test('of two kinds of work in one table each finds, does and shows its own rows only', async () => {
  const [north, south] = ['North', 'South'].map((tower) => ({ ...bells, only: sql`tower = ${tower}` }))
  ring = fails('cut')
  const id = await newBell('South')
  expect((await findDueRows(deps, north!)).some((row) => row.id === id)).toBe(false)
  expect(await runDueRow(deps, north!, id)).toBe(false)
  expect(await runDueRow(deps, south!, id)).toBe(true)
  const shown = async (table: DueTable) => (await readGivenUpRows(deps, table, 100)).some((row) => row.id === id)
  expect([await shown(north!), await shown(south!)]).toEqual([false, true])
  expect(await retryGivenUpRow(deps, north!, id)).toBe(false)
  expect(await discardGivenUpRow(deps, north!, id)).toBe(false)
  expect(await discardGivenUpRow(deps, south!, id)).toBe(true)
})

test('those who see that work is due are told before it is given up, and again when that was cut off', async () => {
  ring = fails('cut')
  const told: string[] = []
  let isAway = true
  const telling: DueTable = {
    ...bells,
    beforeGivingUp: (_deps, bell: Bell) => {
      told.push(bell.id)
      return isAway ? Promise.reject(new Error('away')) : Promise.resolve()
    },
  }
  const id = await newBell()
  await expect(runDueRow(deps, telling, id)).rejects.toThrow('away')
  expect((await bellRow(id)).state).toBe('due')
  isAway = false
  await testApi.passTime(3_601_000)
  await runDueRow(deps, telling, id)
  expect((await bellRow(id)).state).toBe('given_up')
  expect(told).toEqual([id, id])
})

test('a row that is not to blame for a failure is tried again for as long as it takes, and its tries are not counted', async () => {
  const failureOf = () => ({ kind: 'weather', answer: '', isTemporary: true, waitMs: 30_000 })
  const outside = { ...bells, failureOf }
  ring = () => Promise.reject(new Error('storm'))
  const id = await newBell()
  for (let storms = 0; storms < 5; storms += 1) {
    await runDueRow(deps, outside, id)
    expect(await bellRow(id)).toMatchObject({ state: 'due', attempts: 0, error: 'weather', claimed_until: null })
    expect(await isFound(id)).toBe(false)
    await testApi.passTime(30_000)
  }
  ring = () => Promise.resolve()
  await runDueRow(deps, outside, id)
  expect(await bellRow(id)).toMatchObject({ state: 'done' })
})
