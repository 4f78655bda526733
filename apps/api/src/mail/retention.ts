import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { isOlderThan } from '../platform/clock.ts'
import { deleteInBatches } from '../platform/work/batches.ts'
import { secretKeys } from './letters.ts'
import { deleteOldMailFiles } from './mailbox.ts'

const sentMailDays = 7

/** Deletes mails that have ended. Those given up stay longer (see `given-up.ts`), without secrets that have expired. */
export async function deleteOldMails(deps: Deps, signal?: AbortSignal): Promise<void> {
  const isOld = sql`state in ('done', 'discarded') and ${isOlderThan('created_at', sentMailDays)}`
  await deleteInBatches(
    deps.db,
    (limit) => sql`delete from mails where id in (select id from mails where ${isOld} limit ${limit})`,
    signal,
  )
  await deps.db
    .updateTable('mails')
    .set({ data: sql<string>`data - ${secretKeys}::text[]` })
    .where('state', '<>', 'due')
    .where(sql<boolean>`data ?| ${secretKeys}::text[]`)
    .where(sql<boolean>`(data->>'expiresAt')::timestamptz < veche_now()`)
    .execute()
  await deleteOldMailFiles(deps.env, deps.clock.now(), 30)
}
