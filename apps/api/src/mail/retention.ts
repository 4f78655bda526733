import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { secretKeys } from './letters.ts'
import { tidyMailbox } from './mailbox.ts'

/** Mails that are done with; those given up stay for administrators, but without what has expired in them. */
export async function tidyMails(deps: Deps): Promise<void> {
  await deps.db
    .deleteFrom('mails')
    .where('state', 'in', ['sent', 'discarded'])
    .where('created_at', '<', sql<Date>`veche_now() - interval '7 days'`)
    .execute()
  await deps.db
    .updateTable('mails')
    .set({ data: sql<string>`data - ${secretKeys}::text[]` })
    .where('state', '<>', 'due')
    .where(sql<boolean>`data ?| ${secretKeys}::text[]`)
    .where(sql<boolean>`(data->>'expiresAt')::timestamptz < veche_now()`)
    .execute()
  await tidyMailbox(deps.env, deps.clock.now(), 30)
}
