import { type RawBuilder, sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import type { ServerLocale } from '../server-locale.ts'
import { sqlIn } from '../clock.ts'
import type { WorkName } from './queue.ts'

/**
 * A table of work rows, registered by its feature. A row is due because of its columns `id`, `state`, `attempts`, `retry_at`,
 * `claimed_until`, `error` and `created_at`; `state` is due, done, given_up or discarded.
 */
export type DueTable = {
  /** Names its nudges, its metric, and its kind of work in the list of what was given up. */
  name: WorkName
  table: string
  /** Which rows of the table are this kind of work, when it holds several kinds. */
  only?: RawBuilder<unknown>
  /**
   * Whose a row is, a column with an index. With it people take turns: the second row of one comes after the first ones of all others. What was done within the
   * last hour counts. A nudge does the row whose turn it is, and not the one that it names.
   */
  owner?: RawBuilder<unknown>
  /** How many rows the nudges do at the same time, and as many the sweep. */
  parallel?: number
  /** A process claims no second row while it does one, neither by a nudge nor by the sweep. */
  oneAtATime?: true
  /** What the functions below need of a row besides its id. */
  columns: readonly string[]
  /** Meanwhile no other worker takes the row. It is renewed while `run` goes on, so the work of a killed worker waits no longer than that. */
  leaseMs: number
  /** How long to wait after each failed try but the last. */
  retryDelaysMs: readonly number[]
  /** Does the work of a row that this worker has claimed, or throws. It may run twice: after its end a worker can be killed. */
  run: (deps: Deps, row: never) => Promise<void>
  failureOf: (thrown: unknown) => Failure
  /** What else changes when the row ends, for example a secret that it need not keep. */
  changesAtEnd: (end: End, failure?: Failure) => RawBuilder<unknown>[]
  /** Tells those who see that the work is due. It may run twice. */
  beforeGivingUp?: (deps: Deps, row: never) => Promise<void>
  /** What `about` needs of a row besides its id and `columns`. */
  aboutColumns?: readonly RawBuilder<unknown>[]
  /** The row for an administrator: a word for what it is, and whom it is about. */
  about: (row: never) => { word: string; name: string }
  describeFailure: (error: string | null, locale: ServerLocale) => string
}

export type End = 'done' | 'given_up' | 'discarded'

/**
 * Why a try failed, with what the other side answered. When it is not temporary, trying again cannot help. With `waitMs` the row is not to
 * blame, for example on a full disk: the try is not counted, and there is another after this time, however often that happens.
 */
export type Failure = { kind: string; answer: string; isTemporary: boolean; waitMs?: number }

/** For the column `error`: the kind of failure, and what the other side answered. */
export function toErrorText({ kind, answer }: Failure): string {
  return answer ? `${kind}: ${answer}` : kind
}

const workerKilled: Failure = { kind: 'killed', answer: '', isTemporary: false }

const maxFound = 100
const turnsSince = sql`interval '1 hour'`
export const usualParallel = 5

type Row = { id: string; attempts: number }

/**
 * Does the work of this row if it is due and no other worker has claimed it. The row keeps what came of it. False when it was not
 * claimed.
 */
export async function runDueRow(deps: Deps, table: DueTable, id: string): Promise<boolean> {
  const row = await claim(deps, table, id)
  if (!row) return false
  // The try was counted with the claim, so a row that ends the worker each time is given up as well.
  if (row.attempts > table.retryDelaysMs.length + 1) await giveUp(deps, table, row, workerKilled)
  else await runClaimed(deps, table, row)
  return true
}

async function runClaimed(deps: Deps, table: DueTable, row: Row): Promise<void> {
  const stopRenewing = renewLease(deps, table, row)
  try {
    await table.run(deps, row as never)
  } catch (error) {
    return noteFailure(deps, table, row, table.failureOf(error))
  } finally {
    stopRenewing()
  }
  await noteDone(deps, table, row)
}

/** Does a row. A failure that could not be written into the row is logged, and the sweep tries again. */
export async function tryRow(deps: Deps, table: DueTable, id: string): Promise<void> {
  await logInterruption(deps, table, () => runDueRow(deps, table, id))
}

/** Does the row that was found or nudged; where people take turns, the one whose turn it is instead. */
export async function tryRowInTurn(deps: Deps, table: DueTable, id: string): Promise<void> {
  if (!table.owner) return tryRow(deps, table, id)
  const runNext = async () => {
    // Others may claim the first ones meanwhile.
    for (const next of await findDueRows(deps, table)) if (await runDueRow(deps, table, next.id)) return
  }
  await logInterruption(deps, table, () => (table.oneAtATime ? deps.gates.work.run(table.name, runNext) : runNext()))
}

async function logInterruption(deps: Deps, { name }: DueTable, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    deps.metrics.work.inc({ name, outcome: 'error' })
    deps.log.warn({ err: error, name }, 'work was interrupted; it stays due')
  }
}

const isDue = sql`state = 'due' and retry_at <= veche_now() and (claimed_until is null or claimed_until <= veche_now())`

/** Of a table that holds several kinds of work: the rows of this kind. */
export function rowsOf({ only }: DueTable): RawBuilder<unknown> {
  return only ?? sql`true`
}

/** The rows that are due now: the oldest first, or in turns. */
export async function findDueRows({ db }: Deps, due: DueTable): Promise<{ id: string }[]> {
  const table = sql.table(due.table)
  const query = due.owner
    ? dueInTurns(due, due.owner)
    : sql<{ id: string }>`
        select id from ${table} where ${isDue} and ${rowsOf(due)} order by retry_at limit ${sql.lit(maxFound)}`
  return (await query.execute(db)).rows
}

/**
 * From one owner to the next by an index, and of each the first rows alone: one of them may have very many. Whose turn comes first is exact;
 * behind that each owner is asked for few rows when there are many owners.
 */
function dueInTurns(due: DueTable, owner: RawBuilder<unknown>): RawBuilder<{ id: string }> {
  const rows = sql`${sql.table(due.table)} where ${rowsOf(due)}`
  const dueRows = sql`${rows} and state = 'due'`
  return sql`
    with recursive owners as (
      (select ${owner} as whose from ${dueRows} order by ${owner} limit 1)
      union all
      select (select ${owner} from ${dueRows} and ${owner} > whose order by ${owner} limit 1) from owners where whose is not null)
    select id from owners cross join lateral (
      select id, retry_at, turn + (select count(*) from ${rows} and ${owner} = whose and state <> 'due'
        and created_at > veche_now() - ${turnsSince}) as turn
      from (
        select id, retry_at, ${isDue} as is_due, row_number() over (order by created_at, id) as turn
        from ${dueRows} and ${owner} = whose order by created_at, id) as counted
      where is_due limit (select greatest(1, ${sql.lit(maxFound)} / count(whose)) from owners)) as first_rows
    where whose is not null order by turn, retry_at limit ${sql.lit(maxFound)}`
}

async function claim({ db }: Deps, due: DueTable, id: string): Promise<Row | undefined> {
  const { table, columns, leaseMs } = due
  const { rows } = await sql<Row>`
    update ${sql.table(table)} set claimed_until = ${sqlIn(leaseMs)}, attempts = attempts + 1
    where id = (select id from ${sql.table(table)} where id = ${id} and ${isDue} and ${rowsOf(due)} for update skip locked)
    returning ${sql.join(['id', 'attempts', ...columns].map((column) => sql.ref(column)))}`.execute(db)
  return rows[0]
}

/** Returns a function that stops it. A lease that another worker has taken over meanwhile is left alone. */
function renewLease({ db, log }: Deps, { name, table, leaseMs }: DueTable, { id, attempts }: Row): () => void {
  const renew = () =>
    sql`update ${sql.table(table)} set claimed_until = ${sqlIn(leaseMs)}
      where id = ${id} and state = 'due' and attempts = ${attempts}`
      .execute(db)
      .catch((error: unknown) => log.warn({ err: error, name }, 'a lease was not renewed'))
  const timer = setInterval(() => void renew(), leaseMs / 3)
  return () => clearInterval(timer)
}

/** Notes it even when the lease ran out meanwhile: the work was done, and must not be done again. */
async function noteDone({ db, metrics }: Deps, { name, table, changesAtEnd }: DueTable, { id }: Row): Promise<void> {
  const changes = [sql`state = 'done'`, sql`claimed_until = null`, sql`error = null`, ...changesAtEnd('done')]
  await sql`update ${sql.table(table)} set ${sql.join(changes)} where id = ${id} and state = 'due'`.execute(db)
  metrics.work.inc({ name, outcome: 'done' })
}

async function noteFailure(deps: Deps, table: DueTable, row: Row, failure: Failure): Promise<void> {
  const retryMs = failure.waitMs ?? table.retryDelaysMs[row.attempts - 1]
  if (!failure.isTemporary || retryMs === undefined) return giveUp(deps, table, row, failure)
  warn(deps, table, row, failure, 'a try failed; there will be another')
  const changes = [sql`retry_at = ${sqlIn(retryMs)}`, sql`error = ${toErrorText(failure)}`]
  if (failure.waitMs !== undefined) changes.push(sql`attempts = attempts - 1`)
  await finishTry(deps, table, row, changes)
  deps.metrics.work.inc({ name: table.name, outcome: 'retry' })
}

async function giveUp(deps: Deps, table: DueTable, row: Row, failure: Failure): Promise<void> {
  warn(deps, table, row, failure, 'work was given up')
  await table.beforeGivingUp?.(deps, row as never)
  const changes = [
    sql`state = 'given_up'`,
    sql`error = ${toErrorText(failure)}`,
    ...table.changesAtEnd('given_up', failure),
  ]
  await finishTry(deps, table, row, changes)
  deps.metrics.work.inc({ name: table.name, outcome: 'given_up' })
}

function warn({ log }: Deps, { name }: DueTable, { id, attempts }: Row, { kind }: Failure, sentence: string): void {
  log.warn({ name, id, failure: kind, attempts }, sentence)
}

/** Changes the row only while this worker's claim is the last one: a worker whose lease ran out changes nothing. */
async function finishTry(
  { db }: Deps,
  { table }: DueTable,
  { id, attempts }: Row,
  changes: RawBuilder<unknown>[],
): Promise<void> {
  await sql`update ${sql.table(table)} set claimed_until = null, ${sql.join(changes)}
    where id = ${id} and state = 'due' and attempts = ${attempts}`.execute(db)
}
