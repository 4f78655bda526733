import type { DB } from '@veche/db/types.gen'
import type { ChatId, ScopeId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Positions, ScopeAnswer, Unread } from '@veche/shared/live'
import type { Rows, ScopeKind } from '@veche/shared/rows/rows'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { type Extras, newestRowsOf, type NewestRows, type ReadRows, type RowSource, rowsSince } from './row-sources.ts'

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

type Deps = { rowSources: RowSource[]; scopeViews: ScopeView[] }
type Question = { scope: ScopeKind; id: ScopeId; since: number; viewer: UserId }

/**
 * One scope for one person: what changed since their cursor; or a new beginning, when the cursor is stale; or that the scope is
 * gone.
 */
export async function answerScope(deps: Deps, db: Kysely<DB>, question: Question): Promise<ScopeAnswer> {
  const { scope, id, since, viewer } = question
  const view = deps.scopeViews.find((candidate) => candidate.scope === scope)
  if (!view) return goneScope(id, scope)
  const extras = view.extras(id, viewer)
  const read = async (from: number | NewestRows) => {
    const found = await rowsSince(deps, db, { scope, id, from, extras, maxTextBytes: limits.sync.textBytes })
    const personal = found && view.viewFor(found.extras)
    return found && personal ? { found, personal } : null
  }
  if (since > 0 || !view.beginsNewest) {
    const changed = await read(since)
    if (!changed) return goneScope(id, scope)
    if (!isStale(question, changed.found, changed.personal)) return toAnswer(question, changed, false)
  }
  // A user scope has no newest page: it is read anew from its beginning.
  const page = await read(scope === 'user' ? 0 : 'page')
  return page ? toAnswer(question, page, true) : goneScope(id, scope)
}

/** Chats as a list shows them: the last row of each. Those that are not the viewer's any more are left out. */
export async function answerLast(deps: Deps, db: Kysely<DB>, viewer: UserId, ids: ChatId[]): Promise<ScopeAnswer[]> {
  const view = deps.scopeViews.find(({ scope }) => scope === 'chat')
  if (!view || ids.length === 0) return []
  const extras = (id: ScopeId) => view.extras(id, viewer)
  const read = await newestRowsOf(deps, db, { scope: 'chat', ids, which: 'last', extras })
  return ids.flatMap((id) => {
    const found = read.get(id)
    const personal = found && view.viewFor(found.extras)
    return found && personal ? toAnswer({ scope: 'chat', id, since: 0, viewer }, { found, personal }, true) : []
  })
}

/** The ids of all scopes that this person may hold, as a subquery. */
export function scopeIdsOf({ scopeViews }: Pick<Deps, 'scopeViews'>, viewer: UserId): RawBuilder<unknown> {
  return sql.join(
    scopeViews.map((view) => view.ids(viewer)),
    sql` union all `,
  )
}

export function goneScope(id: ScopeId, scope: ScopeKind): ScopeAnswer {
  return { scope, id, rev: 0, rows: {}, more: false, reset: false, gone: true }
}

function isStale({ since, scope }: Question, read: ReadRows, view: PersonalView): boolean {
  // A cursor from the future was made by a database that has been restored since.
  if (since > read.scopeRev || since < view.sinceRev) return true
  return scope !== 'user' && read.scopeRev - since > limits.sync.gap
}

function toAnswer(
  { scope, id }: Question,
  { found, personal }: { found: ReadRows; personal: PersonalView },
  reset: boolean,
): ScopeAnswer {
  const { unread: count, positions } = personal
  const unread: Unread | undefined = count === undefined ? undefined : { unread: count, atRev: found.scopeRev }
  return {
    scope,
    id,
    rev: found.rev,
    rows: personal.filterRows(found.rows),
    more: found.more,
    reset,
    gone: false,
    ...(unread ? { unread } : {}),
    ...(positions ? { positions } : {}),
  }
}
