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
  /** What the functions below need of a row besides its id. */
  columns: readonly string[]
  /** Longer than `run` can take, so that no other worker takes the row meanwhile. */
  leaseMs: number
  /** How long to wait after each failed try but the last. */
  retryDelaysMs: readonly number[]
  /** Does the work of a row that this worker has claimed, or throws. It may run twice: after its end a worker can be killed. */
  run: (deps: Deps, row: never) => Promise<void>
  failureOf: (thrown: unknown) => Failure
  /** What else changes when the row ends, for example a secret that it need not keep. */
  changesAtEnd: (end: End, failure?: Failure) => RawBuilder<unknown>[]
  /** The row for an administrator: a word for what it is, and whom it is about. */
  about: (row: never) => { word: string; name: string }
  describeFailure: (error: string | null, locale: ServerLocale) => string
}

export type End = 'done' | 'given_up' | 'discarded'

/** Why a try failed, with what the other side answered. When it is not temporary, trying again cannot help. */
export type Failure = {
  kind: string
  answer: string
  isTemporary: boolean
  /** What the work needs is away as a whole: the try does not count, and comes again after this time. */
  putOffMs?: number
}

/** For the column `error`: the kind of failure, and what the other side answered. */
export function toErrorText({ kind, answer }: Failure): string {
  return answer ? `${kind}: ${answer}` : kind
}

const workerKilled: Failure = { kind: 'killed', answer: '', isTemporary: false }

const maxFound = 100

type Row = { id: string; attempts: number }

/** Does the work of this row if it is due and no other worker has claimed it. The row keeps what came of it. */
export async function runDueRow(deps: Deps, table: DueTable, id: string): Promise<void> {
  const row = await claim(deps, table, id)
  if (!row) return
  // The try was counted with the claim, so a row that ends the worker each time is given up as well.
  if (row.attempts > table.retryDelaysMs.length + 1) return giveUp(deps, table, row, workerKilled)
  try {
    await table.run(deps, row as never)
  } catch (error) {
    return noteFailure(deps, table, row, table.failureOf(error))
  }
  await noteDone(deps, table, row)
}

/** Does a row. A failure that could not be written into the row is logged, and the sweep tries again. */
export async function tryRow(deps: Deps, table: DueTable, id: string): Promise<void> {
  const { name } = table
  try {
    await runDueRow(deps, table, id)
  } catch (error) {
    deps.metrics.work.inc({ name, outcome: 'error' })
    deps.log.warn({ err: error, name }, 'work was interrupted; it stays due')
  }
}

const isDue = sql`state = 'due' and retry_at <= veche_now() and (claimed_until is null or claimed_until <= veche_now())`

/** The rows that are due now, oldest first: the nudge of these was lost, or their worker was killed. */
export async function findDueRows({ db }: Deps, { table }: DueTable): Promise<{ id: string }[]> {
  const { rows } = await sql<{ id: string }>`
    select id from ${sql.table(table)} where ${isDue} order by retry_at limit ${sql.lit(maxFound)}`.execute(db)
  return rows
}

async function claim({ db }: Deps, { table, columns, leaseMs }: DueTable, id: string): Promise<Row | undefined> {
  const { rows } = await sql<Row>`
    update ${sql.table(table)} set claimed_until = ${sqlIn(leaseMs)}, attempts = attempts + 1
    where id = (select id from ${sql.table(table)} where id = ${id} and ${isDue} for update skip locked)
    returning ${sql.join(['id', 'attempts', ...columns].map((column) => sql.ref(column)))}`.execute(db)
  return rows[0]
}

/** Notes it even when the lease ran out meanwhile: the work was done, and must not be done again. */
async function noteDone({ db, metrics }: Deps, { name, table, changesAtEnd }: DueTable, { id }: Row): Promise<void> {
  const changes = [sql`state = 'done'`, sql`claimed_until = null`, sql`error = null`, ...changesAtEnd('done')]
  await sql`update ${sql.table(table)} set ${sql.join(changes)} where id = ${id} and state = 'due'`.execute(db)
  metrics.work.inc({ name, outcome: 'done' })
}

async function noteFailure(deps: Deps, table: DueTable, row: Row, failure: Failure): Promise<void> {
  if (failure.putOffMs !== undefined) return putOff(deps, table, row, failure)
  const retryMs = table.retryDelaysMs[row.attempts - 1]
  if (!failure.isTemporary || retryMs === undefined) return giveUp(deps, table, row, failure)
  warn(deps, table, row, failure, 'a try failed; there will be another')
  await finishTry(deps, table, row, [sql`retry_at = ${sqlIn(retryMs)}`, sql`error = ${toErrorText(failure)}`])
  deps.metrics.work.inc({ name: table.name, outcome: 'retry' })
}

async function putOff(deps: Deps, table: DueTable, row: Row, failure: Failure): Promise<void> {
  warn(deps, table, row, failure, 'a try was put off')
  const uncounted = sql`attempts = ${row.attempts - 1}`
  await finishTry(deps, table, row, [sql`retry_at = ${sqlIn(failure.putOffMs ?? 0)}`, uncounted])
  deps.metrics.work.inc({ name: table.name, outcome: 'retry' })
}

async function giveUp(deps: Deps, table: DueTable, row: Row, failure: Failure): Promise<void> {
  warn(deps, table, row, failure, 'work was given up')
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
