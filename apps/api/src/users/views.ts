import { DIRECTORY_SCOPE } from '@veche/shared/ids'
import type { Rows } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import type { ScopeView } from '../platform/scopes/views.ts'

const allRows = (rows: Rows) => rows

/** The user scope is seen by its own person only. */
export const userView: ScopeView = {
  scope: 'user',
  ids: (viewer) => sql`select ${viewer}::uuid as id`,
  extras: (id, viewer) => ({ isOwn: sql`select ${id}::uuid = ${viewer}::uuid` }),
  viewFor: ({ isOwn }) => (isOwn === true ? { sinceRev: 0, filterRows: allRows } : null),
}

/** The directory is seen by everyone who is signed in. */
export const directoryView: ScopeView = {
  scope: 'directory',
  ids: () => sql`select ${DIRECTORY_SCOPE}::uuid as id`,
  extras: () => ({}),
  viewFor: () => ({ sinceRev: 0, filterRows: allRows }),
}
