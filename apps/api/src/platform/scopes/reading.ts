import type { DB } from '@veche/db/types.gen'
import { serverLimits } from '@veche/shared/server-limits'
import type { ScopeId } from '@veche/shared/ids'
import type { Rows, ScopeKind } from '@veche/shared/rows/rows'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Extras, NewestRows, Query, RowSource } from './row-sources.ts'

export type Reading<E extends Extras> = {
  scope: ScopeKind
  id: ScopeId
  from: number | NewestRows
  extras: E
  /** Of the texts of rows since a revision: they end before they are longer together, after one revision at least. */
  maxTextBytes?: number
}

/** Rows up to `rev`; the scope itself was at `scopeRev` when they were read. */
export type ReadRows = { rev: number; scopeRev: number; rows: Rows; more: boolean }

/**
 * What changed in a scope after revision `from`: the rows as they are now, and the revision up to which they are complete. It is one
 * statement, so rows, revision and extras come from one snapshot. Frames and answers of sync are both made here.
 */
export async function rowsSince<E extends Extras>(
  deps: { rowSources: RowSource[] },
  db: Kysely<DB>,
  reading: Reading<E>,
): Promise<(ReadRows & { extras: Record<keyof E, unknown> }) | null> {
  const sources = deps.rowSources.filter((source) => source.scope === reading.scope)
  const { rows } = await readingStatement(db, sources, reading).execute(db)
  const [found] = rows
  return found ? toRead(sources, found, reading) : null
}

/** The statement of `rowsSince`. It finds one row, or none when there is no such scope. */
export function readingStatement<E extends Extras>(
  db: Kysely<DB>,
  sources: RowSource[],
  { scope, id, from, extras, maxTextBytes }: Reading<E>,
): RawBuilder<Found> {
  const columns = [
    ...sources.map(
      (source) => sql`(${changedRows(db, source, id, { from, maxTextBytes })}) as ${sql.id(source.table)}`,
    ),
    ...Object.entries(extras).map(([name, extra]) => sql`(${extra}) as ${sql.id(name)}`),
  ]
  return sql<Found>`select s.rev as "scope_rev", ${sql.join(columns)} from scopes s where s.id = ${id} and s.kind = ${scope}`
}

/** What its row says. */
export function toRead<E extends Extras>(
  sources: RowSource[],
  found: Found,
  { from, maxTextBytes }: Pick<Reading<E>, 'from' | 'maxTextBytes'>,
): ReadRows & { extras: Record<keyof E, unknown> } {
  const read = typeof from === 'string' ? newestPage(sources, found) : firstPage(sources, found, maxTextBytes)
  return { ...read, extras: found as Record<keyof E, unknown> }
}

export type ReadingNewest<E extends Extras> = {
  scope: Exclude<ScopeKind, 'user'>
  ids: ScopeId[]
  which: NewestRows
  /** They are made once, for all scopes: the id is a column. */
  extras: (id: ScopeId) => E
}

/** The newest rows of many scopes in one statement: to build one for each costs more than to run it. */
export async function newestRowsOf<E extends Extras>(
  deps: { rowSources: RowSource[] },
  db: Kysely<DB>,
  { scope, ids, which, extras }: ReadingNewest<E>,
): Promise<Map<ScopeId, ReadRows & { extras: Record<keyof E, unknown> }>> {
  const sources = deps.rowSources.filter((source) => source.scope === scope)
  const id = sql.ref('s.id') as unknown as ScopeId
  const columns = [
    ...sources.map((source) => {
      const rows = changedRows(db, source, id, { from: which, maxTextBytes: undefined })
      return sql`(${rows}) as ${sql.id(source.table)}`
    }),
    ...Object.entries(extras(id)).map(([name, extra]) => sql`(${extra}) as ${sql.id(name)}`),
  ]
  const { rows } = await sql<Found & { id: ScopeId }>`
    select s.id, s.rev as "scope_rev", ${sql.join(columns)} from scopes s
    where s.id = any(${ids}::uuid[]) and s.kind = ${scope}`.execute(db)
  return new Map(
    rows.map((found) => [found.id, { ...newestPage(sources, found), extras: found as Record<keyof E, unknown> }]),
  )
}

type Bounds = { from: number | NewestRows; maxTextBytes: number | undefined }

function changedRows(db: Kysely<DB>, source: RowSource, id: ScopeId, { from, maxTextBytes }: Bounds) {
  const page = typeof from === 'string' ? newestRows(db, source, id, from) : pageOfRows(db, source, id, from)
  const { textColumns } = source
  const isBounded = typeof from === 'number' && maxTextBytes !== undefined
  const rows = isBounded && textColumns ? withinTextBytes(page, textColumns, maxTextBytes) : page
  return sql`select coalesce(json_agg(r), '[]'::json) from (${rows}) r`
}

/** The rows up to the revision that is too much, which tells that there are more. Postgres knows the length of a text without reading it. */
function withinTextBytes(page: Query, textColumns: readonly string[], maxTextBytes: number) {
  const bytes = textColumns.map((column) => sql`coalesce(octet_length(${sql.ref(`p.${column}`)}::text), 0)`)
  return sql`select * from (
    select p.*, sum(${sql.join(bytes, sql` + `)}) over (order by p.rev range unbounded preceding exclude group) as "bytesBefore"
    from (${page}) p) q where q."bytesBefore" is null or q."bytesBefore" <= ${maxTextBytes}`
}

function newestRows(db: Kysely<DB>, source: RowSource, id: ScopeId, which: NewestRows): Query {
  if (source.scope === 'user') throw new Error('A user scope has no newest page: it is read from revision 0 on.')
  return source.newest(db, id, which)
}

/** One row more than an answer holds, and all others of the same revision: a page is cut between two revisions. */
function pageOfRows(db: Kysely<DB>, source: RowSource, id: ScopeId, after: number): Query {
  const rev = sql.ref(source.revColumn)
  const changed = source.rows(db, id).where(sql<boolean>`${rev} > ${after}`)
  return changed.orderBy(rev).fetch(serverLimits.sync.rows + 1, 'with ties')
}

export type Found = Record<string, unknown>
type Revised = { rev: number } & object

/** The newest rows stand for the scope as it is now; older ones are history, which has pages of its own. */
function newestPage(sources: RowSource[], found: Found): ReadRows {
  const scopeRev = found['scope_rev'] as number
  return { rev: scopeRev, scopeRev, rows: toWire(sources, found, scopeRev), more: false }
}

/** As much as an answer holds, cut between two revisions; more only when one revision has more, so that each page gets further. */
function firstPage(sources: RowSource[], found: Found, maxTextBytes = Infinity): ReadRows {
  const rows = sources
    .flatMap((source) =>
      (found[source.table] as Revised[]).map((row) => ({ rev: row.rev, bytes: textBytes(source, row) })),
    )
    .sort((a, b) => a.rev - b.rev)
  const scopeRev = found['scope_rev'] as number
  let bytesLeft = maxTextBytes
  const firstLeftOut = rows.find((row, index) => index === serverLimits.sync.rows || (bytesLeft -= row.bytes) < 0)
  const rev = firstLeftOut ? Math.max(firstLeftOut.rev - 1, rows[0]!.rev) : scopeRev
  return { rev, scopeRev, rows: toWire(sources, found, rev), more: rev < scopeRev }
}

function textBytes({ textColumns = [] }: RowSource, row: Revised): number {
  const bytesOf = (value: unknown) => Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value ?? ''))
  return textColumns.reduce((sum, column) => sum + bytesOf(Reflect.get(row, column)), 0)
}

function toWire(sources: RowSource[], found: Found, upTo: number): Rows {
  const rows: Rows = {}
  for (const source of sources) {
    const kept = (found[source.table] as Revised[]).filter((row) => row.rev <= upTo)
    if (kept.length > 0) Object.assign(rows, { [source.table]: kept.map((row) => source.toWire(row as never)) })
  }
  return rows
}
