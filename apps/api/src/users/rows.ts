import type { UserId } from '@veche/shared/ids'
import type { PersonRow, SessionRow, SettingsRow } from '@veche/shared/rows/rows'
import type { DB } from '@veche/db/types.gen'
import type { Kysely, Selectable } from 'kysely'
import { iso, isoOrNull } from '../platform/clock.ts'
import { columnsOf } from '../platform/columns.ts'
import type { RowSource } from '../platform/scopes/row-sources.ts'

export const personColumns = ['id', 'handle', 'name', 'role', 'avatar_id', 'disabled_at', 'rev'] as const
export const settingsColumns = ['locale', 'theme', 'contrast', 'single_keys'] as const
export const sessionColumns = [
  'id',
  'device',
  'ip',
  'created_at',
  'last_used_at',
  'expires_at',
  'revoked_at',
  'rev',
] as const

type Person = Pick<Selectable<DB['users']>, (typeof personColumns)[number]>
type Settings = Pick<Selectable<DB['user_settings']>, (typeof settingsColumns)[number] | 'user_id' | 'rev'> & {
  email: string | null
}
type Session = Pick<Selectable<DB['sessions']>, (typeof sessionColumns)[number]>

export function toPerson(row: Person): PersonRow {
  const { id, handle, name, role, rev } = row
  return { id, handle, name, role, rev, avatarId: row.avatar_id, disabledAt: isoOrNull(row.disabled_at) }
}

export function toSettings(row: Settings): SettingsRow {
  const { email, locale, theme, contrast, rev } = row
  return { userId: row.user_id, email: email ?? '', locale, theme, contrast, singleKeys: row.single_keys, rev }
}

export function toSession(row: Session): SessionRow {
  const { id, device, ip, rev } = row
  const gone = row.revoked_at !== null
  return { id, device, ip, rev, gone, createdAt: iso(row.created_at), lastUsedAt: iso(row.last_used_at) }
}

/** A guest is nobody's contact: those in the same meeting learn of them there. */
const allPeople = (db: Kysely<DB>) =>
  db.selectFrom('users').select(columnsOf('users', personColumns)).where('users.kind', '=', 'person')

const people: RowSource<'people'> = {
  scope: 'directory',
  table: 'people',
  revColumn: 'users.rev',
  rows: allPeople,
  // Clients keep only the people they have met, and ask for these by id.
  newest: (db) => allPeople(db).limit(0),
  toWire: toPerson,
}

const settings: RowSource<'settings'> = {
  scope: 'user',
  table: 'settings',
  revColumn: 'user_settings.rev',
  rows: (db, id) =>
    db
      .selectFrom('user_settings')
      .innerJoin('users', 'users.id', 'user_settings.user_id')
      .select(columnsOf('user_settings', settingsColumns))
      .select(['user_settings.user_id', 'user_settings.rev', 'users.email'])
      .where('user_settings.user_id', '=', id as UserId),
  toWire: toSettings,
}

const sessions: RowSource<'sessions'> = {
  scope: 'user',
  table: 'sessions',
  revColumn: 'sessions.rev',
  rows: (db, id) =>
    db
      .selectFrom('sessions')
      .select(columnsOf('sessions', sessionColumns))
      .where('sessions.user_id', '=', id as UserId),
  toWire: toSession,
}

export const userRowSources = [people, settings, sessions]
