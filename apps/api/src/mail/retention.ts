import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { secretsOf } from './letters.ts'
import { tidyMailbox } from './mailbox.ts'

/** Mails that are done with; those given up stay for administrators, but without what has expired in them. */
export async function tidyMails(deps: Deps): Promise<void> {
  await deps.db
    .deleteFrom('mails')
    .where('state', 'in', ['sent', 'discarded'])
    .where('created_at', '<', sql<Date>`veche_now() - interval '7 days'`)
    .execute()
  const secrets = Object.values(secretsOf)
  await deps.db
    .updateTable('mails')
    .set({ data: sql<string>`data - ${secrets}::text[]` })
    .where('state', '<>', 'due')
    .where(sql<boolean>`data ?| ${secrets}::text[]`)
    .where(sql<boolean>`(data->>'expiresAt')::timestamptz < veche_now()`)
    .execute()
  await tidyMailbox(deps.env, deps.clock.now(), 30)
}
