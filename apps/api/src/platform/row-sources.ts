import type { DB } from '@veche/db/types.gen'
import { limits } from '@veche/shared/limits'
import type { ScopeId } from '@veche/shared/ids'
import type { Rows, RowTable, ScopeKind } from '@veche/shared/rows/rows'
import { type RawBuilder, sql, type Kysely, type SelectQueryBuilder } from 'kysely'

type Query = SelectQueryBuilder<DB, keyof DB, Record<string, unknown>>

/**
 * A table that travels in the frames of a scope. `rows` selects those of scope `id` (the caller adds the bounds of `rev`);
 * `toWire` is the mapper that every other answer uses too. JSON turns dates into strings on the way; the mappers take both.
 */
export type RowSource<Table extends RowTable = RowTable> = {
  scope: ScopeKind
  table: Table
  rows: (db: Kysely<DB>, id: ScopeId) => Query
  revColumn: string
  /** Where all rows are too many: the page to begin with, or its last row. Without it a new reader gets all of them, by revision. */
  newest?: (db: Kysely<DB>, id: ScopeId, much: Newest) => Query
  // The row comes as JSON from Postgres: only the source's own mapper knows its shape.
  toWire: (row: never) => NonNullable<Rows[Table]>[number]
}

export type Newest = 'newest' | 'last'

/** What else is read in the same snapshot: who may see it, my unread number. Each becomes one column of the statement. */
export type Extras = Record<string, RawBuilder<unknown>>

export type Reading<E extends Extras> = { scope: ScopeKind; id: ScopeId; from: number | Newest; extras: E }

/** Rows up to `rev`; the scope itself was at `scopeRev` when they were read. */
export type ReadRows = { rev: number; scopeRev: number; rows: Rows; more: boolean }

/**
 * What changed after revision `from`: the rows as they are now, by revision, and the revision up to which this is all. One
 * statement is one snapshot. It knows no feature; the live stream and sync both stand on it.
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
  const read = typeof from === 'string' ? whole(sources, found) : cut(sources, found)
  return { ...read, extras: found as Record<keyof E, unknown> }
}

function changedRows(db: Kysely<DB>, source: RowSource, id: ScopeId, from: number | Newest) {
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

/** The newest page stands for the scope as it is now: what is older is history, asked for by its own pages. */
function whole(sources: RowSource[], found: Found): ReadRows {
  const scopeRev = found['scope_rev'] as number
  return { rev: scopeRev, scopeRev, rows: toWire(sources, found, scopeRev), more: false }
}

/** Bounded by rows, cut between revisions: a transaction stamps fewer rows than a page holds, so a page always gets on. */
function cut(sources: RowSource[], found: Found): ReadRows {
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
