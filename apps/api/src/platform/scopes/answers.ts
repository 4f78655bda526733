import type { DB } from '@veche/db/types.gen'
import type { ChatId, ScopeId, UserId } from '@veche/shared/ids'
import { serverLimits } from '@veche/shared/server-limits'
import type { ScopeAnswer, Unread } from '@veche/shared/live'
import type { ScopeKind } from '@veche/shared/rows/rows'
import type { Kysely } from 'kysely'
import { newestRowsOf, type ReadRows, rowsSince } from './reading.ts'
import type { NewestRows, RowSource } from './row-sources.ts'
import type { PersonalView, ScopeView } from './views.ts'

type Deps = { rowSources: RowSource[]; scopeViews: ScopeView[] }
type Question = { scope: ScopeKind; id: ScopeId; since: number; viewer: UserId }

/**
 * One scope for one person: what changed since their cursor; or a new beginning, when the cursor is stale; or that the scope is
 * gone.
 */
export async function answerScope(deps: Deps, db: Kysely<DB>, question: Question): Promise<ScopeAnswer> {
  const { scope, id, since, viewer } = question
  const view = deps.scopeViews.find((candidate) => candidate.scope === scope)
  if (!view) return goneScope(id)
  const extras = view.extras(id, viewer)
  const read = async (from: number | NewestRows) => {
    const found = await rowsSince(deps, db, { scope, id, from, extras, maxTextBytes: serverLimits.sync.textBytes })
    const personal = found && view.viewFor(found.extras)
    return found && personal ? { found, personal } : null
  }
  if (since > 0 || !view.beginsNewest) {
    const changed = await read(since)
    if (!changed) return goneScope(id)
    if (!isStale(question, changed.found, changed.personal)) return toAnswer(question, changed, false)
  }
  // A user scope has no newest page: it is read anew from its beginning.
  const page = await read(scope === 'user' ? 0 : 'page')
  return page ? toAnswer(question, page, true) : goneScope(id)
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

/** A scope that is foreign looks like one that nobody has. */
export function goneScope(id: ScopeId): ScopeAnswer {
  return { scope: 'chat', id, rev: 0, rows: {}, more: false, reset: false, gone: true }
}

function isStale({ since, scope }: Question, read: ReadRows, view: PersonalView): boolean {
  // A cursor from the future was made by a database that has been restored since.
  if (since > read.scopeRev || since < view.sinceRev) return true
  return scope !== 'user' && read.scopeRev - since > serverLimits.sync.gap
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
