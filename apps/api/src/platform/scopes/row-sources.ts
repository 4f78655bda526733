import type { DB } from '@veche/db/types.gen'
import { limits } from '@veche/shared/limits'
import type { ScopeId } from '@veche/shared/ids'
import type { Rows, RowTable, ScopeKind } from '@veche/shared/rows/rows'
import { type RawBuilder, sql, type Kysely, type SelectQueryBuilder } from 'kysely'

type Query = SelectQueryBuilder<DB, keyof DB, Record<string, unknown>>

/** A table that travels in the frames of a scope, registered by its feature. */
export type RowSource<Table extends RowTable = RowTable> = {
  scope: ScopeKind
  table: Table
  /** The rows of scope `id`; `rowsSince` adds the bounds of `rev`. */
  rows: (db: Kysely<DB>, id: ScopeId) => Query
  revColumn: string
  /** For a table whose rows are too many for a new reader: its newest ones. Without it a new reader gets all rows, by revision. */
  newest?: (db: Kysely<DB>, id: ScopeId, which: NewestRows) => Query
  /**
   * The mapper that every other answer uses too. It takes dates as strings as well: the row comes as JSON from Postgres, and only the
   * mapper knows its shape.
   */
  toWire: (row: never) => NonNullable<Rows[Table]>[number]
}

/** The page that a new reader begins with, or its last row alone. */
export type NewestRows = 'page' | 'last'

/** What else is read in the same snapshot, for example who may see it. Each entry becomes one column of the statement. */
export type Extras = Record<string, RawBuilder<unknown>>

export type Reading<E extends Extras> = { scope: ScopeKind; id: ScopeId; from: number | NewestRows; extras: E }

/** Rows up to `rev`; the scope itself was at `scopeRev` when they were read. */
export type ReadRows = { rev: number; scopeRev: number; rows: Rows; more: boolean }

/**
 * What changed in a scope after revision `from`: the rows as they are now, and the revision up to which they are complete. It is one
 * statement, so rows, revision and extras come from one snapshot. Frames and answers of sync are both made here.
 */
export async function rowsSince<E extends Extras>(
  deps: { rowSources: RowSource[] },
  db: Kysely<DB>,
  { scope, id, from, extras }: Reading<E>,
): Promise<(ReadRows & { extras: Record<keyof E, unknown> }) | null> {
  const sources = deps.rowSources.filter((source) => source.scope === scope)
  const columns = [
    ...sources.map((source) => sql`(${changedRows(db, source, id, from)}) as ${sql.id(source.table)}`),
    ...Object.entries(extras).map(([name, extra]) => sql`(${extra}) as ${sql.id(name)}`),
  ]
  const { rows } = await sql<Record<string, unknown>>`
    select s.rev as "scope_rev", ${sql.join(columns)} from scopes s where s.id = ${id} and s.kind = ${scope}`.execute(
    db,
  )
  const found = rows[0]
  if (!found) return null
  const read = typeof from === 'string' ? newestPage(sources, found) : firstPage(sources, found)
  return { ...read, extras: found as Record<keyof E, unknown> }
}

function changedRows(db: Kysely<DB>, source: RowSource, id: ScopeId, from: number | NewestRows) {
  const rev = sql.ref(source.revColumn)
  const changed = (after: number) =>
    source
      .rows(db, id)
      .where(sql<boolean>`${rev} > ${after}`)
      .orderBy(rev)
      .limit(limits.sync.rows + 1)
  const rows = typeof from === 'string' ? (source.newest?.(db, id, from) ?? changed(0)) : changed(from)
  return sql`select coalesce(json_agg(r), '[]'::json) from (${rows}) r`
}

type Found = Record<string, unknown>
type Revised = { rev: number } & object

/** The newest rows stand for the scope as it is now; older ones are history, which has pages of its own. */
function newestPage(sources: RowSource[], found: Found): ReadRows {
  const scopeRev = found['scope_rev'] as number
  return { rev: scopeRev, scopeRev, rows: toWire(sources, found, scopeRev), more: false }
}

/**
 * At most as many rows as an answer holds, cut between two revisions. A transaction stamps fewer rows than that, so each page gets
 * further.
 */
function firstPage(sources: RowSource[], found: Found): ReadRows {
  const revs = sources
    .flatMap((source) => (found[source.table] as Revised[]).map((row) => row.rev))
    .sort((a, b) => a - b)
  const scopeRev = found['scope_rev'] as number
  const firstLeftOut = revs[limits.sync.rows]
  const rev = firstLeftOut === undefined ? scopeRev : firstLeftOut - 1
  return { rev, scopeRev, rows: toWire(sources, found, rev), more: rev < scopeRev }
}

function toWire(sources: RowSource[], found: Found, upTo: number): Rows {
  const rows: Rows = {}
  for (const source of sources) {
    const kept = (found[source.table] as Revised[]).filter((row) => row.rev <= upTo)
    if (kept.length > 0) Object.assign(rows, { [source.table]: kept.map((row) => source.toWire(row as never)) })
  }
  return rows
}
