import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { endSessions } from './sessions.ts'

/** What sign-in leaves behind and nobody needs any longer. */
export async function tidySignIn(deps: Deps): Promise<void> {
  await endExpired(deps)
  await deps.db.deleteFrom('attempts').where('window_start', '<', ago('1 day')).execute()
  await deps.db.deleteFrom('codes').where('expires_at', '<', ago('7 days')).execute()
  // Every device that is still signed in has been back since: a session that nobody uses ends after 90 days.
  await deps.db.deleteFrom('sessions').where('revoked_at', '<', ago('100 days')).execute()
}

/** An expired session opens nothing already; now its person's other devices learn of it, as of any other end. */
async function endExpired(deps: Deps): Promise<void> {
  const rows = await deps.db
    .selectFrom('sessions')
    .select('user_id')
    .distinct()
    .where('revoked_at', 'is', null)
    .where('expires_at', '<', ago('0'))
    .limit(500)
    .execute()
  for (const { user_id } of rows)
    await inTransaction(deps, async (tx) => {
      await lockScopes(tx, [{ kind: 'user', id: user_id }])
      await endSessions(tx, user_id, { expired: true })
    })
}

function ago(interval: string) {
  return sql<Date>`veche_now() - ${interval}::interval`
}
