import type { DB } from '@veche/db/types.gen'
import type { ScopeId } from '@veche/shared/ids'
import type { Rows, RowTable, ScopeKind } from '@veche/shared/rows/rows'
import type { Kysely, RawBuilder, SelectQueryBuilder } from 'kysely'

export type Query = SelectQueryBuilder<DB, keyof DB, Record<string, unknown>>

/**
 * A table that travels in the frames of a scope, registered by its feature. A reader with a stale cursor gets all rows
 * of a user scope, page by page; of any other scope it gets the newest rows, which the table has to name.
 */
export type RowSource<Table extends RowTable = RowTable> = SourceTable<Table> & (PagedSource | NewestSource)

type PagedSource = { scope: 'user' }
/** `newest` has no limit but its own: a table whose rows are few names all of them. */
type NewestSource = {
  scope: Exclude<ScopeKind, 'user'>
  newest: (db: Kysely<DB>, id: ScopeId, which: NewestRows) => Query
}

type SourceTable<Table extends RowTable> = {
  table: Table
  /** The rows of scope `id`; `rowsSince` adds the bounds of `rev`. */
  rows: (db: Kysely<DB>, id: ScopeId) => Query
  revColumn: string
  /** The column with what people wrote, for a table whose rows may be long. */
  textColumns?: readonly string[]
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
