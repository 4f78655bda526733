import type { ScopeId, UserId } from '@veche/shared/ids'
import type { Positions } from '@veche/shared/live'
import type { Rows, ScopeKind } from '@veche/shared/rows/rows'
import { type RawBuilder, sql } from 'kysely'
import type { Extras } from './row-sources.ts'

/** How one kind of scope is seen, registered by its feature. The columns are read in the same snapshot as the rows. */
export type ScopeView = {
  scope: ScopeKind
  /** The ids of all scopes of this kind that the viewer may hold. */
  ids: (viewer: UserId) => RawBuilder<unknown>
  /** Columns from which `viewFor` tells what one person may see; null means that the scope is not theirs. */
  extras: (id: ScopeId, viewer: UserId) => Extras
  viewFor: (extras: Record<string, unknown>) => PersonalView | null
  /** How far the other members have read, in each of these scopes that is the viewer's. */
  positions?: (ids: ScopeId[], viewer: UserId) => RawBuilder<{ id: ScopeId } & Positions>
  /** A reader without a cursor is given the newest page at once: no view reaches back to the first row. */
  beginsNewest?: true
  /** For scopes with members: columns from which `readAudience` tells who of `among` may see it. */
  audience?: (id: ScopeId, among: UserId[], knownRev: number) => Extras
  readAudience?: (extras: Record<string, unknown>) => Audience
}

/** What one person may see of a scope. */
export type PersonalView = {
  /** A cursor older than this is stale: the person came, or came back, after it. */
  sinceRev: number
  filterRows: (rows: Rows) => Rows
  unread?: number
  positions?: Positions
}

/** `people` is null when nothing changed since the revision that was known. */
export type Audience = { rev: number; people: Map<UserId, Viewer> | null }
export type Viewer = { filterRows: (rows: Rows) => Rows }

/** The ids of all scopes that this person may hold, as a subquery. */
export function scopeIdsOf({ scopeViews }: { scopeViews: ScopeView[] }, viewer: UserId): RawBuilder<unknown> {
  return sql.join(
    scopeViews.map((view) => view.ids(viewer)),
    sql` union all `,
  )
}
