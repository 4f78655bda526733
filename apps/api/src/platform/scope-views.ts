import type { UserId, ScopeId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Positions, ScopeAnswer, Unread } from '@veche/shared/live'
import type { ScopeKind, Rows } from '@veche/shared/rows/rows'
import type { Kysely, RawBuilder } from 'kysely'
import type { DB } from '@veche/db/types.gen'
import { type Extras, type Newest, type ReadRows, type RowSource, rowsSince } from './row-sources.ts'

/** What one person may see of a scope, judged from columns read in the same snapshot as the rows. */
export type View = {
  /** Cursors older than this are worth nothing to this person: they came (back) later. */
  sinceRev: number
  narrow: (rows: Rows) => Rows
  unread?: number
  positions?: Positions
}

/** How a feature lets its scope be seen: `extras` are the columns, `judge` reads them; null means "not yours". */
export type ScopeView = {
  scope: ScopeKind
  extras: (id: ScopeId, viewer: UserId) => Extras
  judge: (extras: Record<string, unknown>) => View | null
  /** How far the others have come in each of these scopes that is the viewer's. */
  positions?: (ids: ScopeId[], viewer: UserId) => RawBuilder<{ id: ScopeId } & Positions>
  /** Nobody's view reaches back to the beginning: who asks from there is given the newest page without looking further. */
  beginsNewest?: true
  /** Scopes with members: who of these people may see it, told when that has changed since `knownRev`. */
  audience?: (id: ScopeId, among: UserId[], knownRev: number) => Extras
  heard?: (extras: Record<string, unknown>) => Audience
}

/** `people` is null when nothing changed since the revision that was known. */
export type Audience = { rev: number; people: Map<UserId, Viewer> | null }

/** What decides which rows of a frame reach a person. */
export type Viewer = { narrow: (rows: Rows) => Rows }

type Deps = { rowSources: RowSource[]; scopeViews: ScopeView[] }
type Asked = { scope: ScopeKind; id: ScopeId; since: number; viewer: UserId; newest?: Newest }

/**
 * One scope for one person: what changed since, or the newest page (of a list: the last row) when that is too much or worth nothing,
 * or that it is gone.
 */
export async function answerScope(deps: Deps, db: Kysely<DB>, asked: Asked): Promise<ScopeAnswer> {
  const view = deps.scopeViews.find((candidate) => candidate.scope === asked.scope)
  if (!view) return gone(asked)
  const extras = view.extras(asked.id, asked.viewer)
  if (asked.since > 0 || !view.beginsNewest) {
    const first = await rowsSince(deps, db, { scope: asked.scope, id: asked.id, from: asked.since, extras })
    const seen = first && view.judge(first.extras)
    if (!first || !seen) return gone(asked)
    if (!isStale(asked, first, seen)) return answer(asked, first, seen, false)
  }
  const from = asked.newest ?? 'newest'
  const newest = await rowsSince(deps, db, { scope: asked.scope, id: asked.id, from, extras })
  const seen = newest && view.judge(newest.extras)
  return newest && seen ? answer(asked, newest, seen, true) : gone(asked)
}

function isStale({ since, scope }: Asked, read: ReadRows, view: View): boolean {
  // A cursor from the future was made by a database that has been restored since.
  if (since > read.scopeRev || since < view.sinceRev) return true
  return scope !== 'user' && read.scopeRev - since > limits.sync.gap
}

function answer({ scope, id }: Asked, read: ReadRows, view: View, reset: boolean): ScopeAnswer {
  const unread: Unread | undefined =
    view.unread === undefined ? undefined : { unread: view.unread, atRev: read.scopeRev }
  return {
    scope,
    id,
    rev: read.rev,
    rows: view.narrow(read.rows),
    more: read.more,
    reset,
    gone: false,
    ...(unread ? { unread } : {}),
    ...(view.positions ? { positions: view.positions } : {}),
  }
}

function gone({ scope, id }: Asked): ScopeAnswer {
  return { scope, id, rev: 0, rows: {}, more: false, reset: false, gone: true }
}
