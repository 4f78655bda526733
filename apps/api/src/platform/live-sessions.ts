import { type RawBuilder, sql } from 'kysely'

/**
 * Whether a session opens anything now: nobody has ended it, it has not expired, and its person is not disabled. The arguments are the
 * names of the two tables in the statement.
 */
export function isLiveSession(session = 'sessions', user = 'users'): RawBuilder<boolean> {
  return sql<boolean>`${sql.raw(liveSessionText(session, user))}`
}

/** The same for a statement that is written as text. */
export function liveSessionText(session = 'sessions', user = 'users'): string {
  return `(${session}.revoked_at is null and ${session}.expires_at > veche_now() and ${user}.disabled_at is null)`
}
