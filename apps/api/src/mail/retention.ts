import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { secretKeys } from './letters.ts'
import { deleteOldMailFiles } from './mailbox.ts'

/** Deletes old mails that were sent or discarded. Those given up stay for administrators, without secrets that have expired. */
export async function deleteOldMails(deps: Deps): Promise<void> {
  await deps.db
    .deleteFrom('mails')
    .where('state', 'in', ['done', 'discarded'])
    .where('created_at', '<', sql<Date>`veche_now() - interval '7 days'`)
    .execute()
  await deps.db
    .updateTable('mails')
    .set({ data: sql<string>`data - ${secretKeys}::text[]` })
    .where('state', '<>', 'due')
    .where(sql<boolean>`data ?| ${secretKeys}::text[]`)
    .where(sql<boolean>`(data->>'expiresAt')::timestamptz < veche_now()`)
    .execute()
  await deleteOldMailFiles(deps.env, deps.clock.now(), 30)
}
