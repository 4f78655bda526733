import { type RawBuilder, sql } from 'kysely'

/**
 * Whether a session opens anything now: nobody has ended it, it has not expired, and its person is not disabled. The arguments are the
 * names of the two tables in the statement.
 */
export function isLiveSession(session = 'sessions', user = 'users'): RawBuilder<boolean> {
  const [sessions, users] = [sql.ref(session), sql.ref(user)]
  return sql<boolean>`(${sessions}.revoked_at is null and ${sessions}.expires_at > veche_now() and ${users}.disabled_at is null)`
}
