import { sql } from 'kysely'
import type { Rows } from '@veche/shared/rows/rows'
import type { ScopeView } from '../platform/scope-views.ts'

const all = (rows: Rows) => rows

/** The user scope is seen by its own person only. */
export const userView: ScopeView = {
  scope: 'user',
  extras: (id, viewer) => ({ own: sql`select ${id}::uuid = ${viewer}::uuid` }),
  judge: ({ own }) => (own === true ? { sinceRev: 0, narrow: all } : null),
}

/** The directory is seen by everyone who is signed in. */
export const directoryView: ScopeView = {
  scope: 'directory',
  extras: () => ({}),
  judge: () => ({ sinceRev: 0, narrow: all }),
}
