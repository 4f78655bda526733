import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { isOlderThan } from '../platform/clock.ts'
import { deleteInBatches } from '../platform/work/batches.ts'
import { changeScopes } from '../platform/scopes/changes.ts'
import { userScope } from '../platform/scopes/scope.ts'
import { endSessions } from './sessions.ts'

export async function deleteOldSignInRows(deps: Deps, signal?: AbortSignal): Promise<void> {
  await endExpiredSessions(deps, signal)
  await deleteOldInvites(deps, signal)
  await deps.db.deleteFrom('attempts').where('window_start', '<', ago('1 day')).execute()
  await deps.db.deleteFrom('codes').where('expires_at', '<', ago('7 days')).execute()
  // A session that is not used ends after 90 days, so every device that is still signed in has learnt of this end.
  await deps.db.deleteFrom('sessions').where('revoked_at', '<', ago('100 days')).execute()
}

/** An expired session opens nothing already; now the person's other devices learn of it. */
async function endExpiredSessions(deps: Deps, signal?: AbortSignal): Promise<void> {
  const rows = await deps.db
    .selectFrom('sessions')
    .select('user_id')
    .distinct()
    .where('revoked_at', 'is', null)
    .where('expires_at', '<', ago('0'))
    .limit(500)
    .execute()
  for (const { user_id } of rows) {
    signal?.throwIfAborted()
    await changeScopes(deps, [userScope(user_id)], (tx) => endSessions(tx, user_id, { expired: true }))
  }
}

/** An invitation that is used up is kept as long as one that expires: both are shown to administrators. */
async function deleteOldInvites({ db, env }: Deps, signal?: AbortSignal): Promise<void> {
  const days = env.KEEP_INVITATIONS_DAYS
  const isOld = sql`${isOlderThan('expires_at', days)} or ${isOlderThan('revoked_at', days)}`
  await deleteInBatches(
    db,
    (limit) => sql`delete from invites where id in (select id from invites where ${isOld} limit ${limit})`,
    signal,
  )
}

function ago(interval: string) {
  return sql<Date>`veche_now() - ${interval}::interval`
}
