import { type MailId, newId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import { mailTable } from '../../mail/delivery.ts'
import { queueMail } from '../../mail/mails.ts'
import type { ServerLocale } from '../../platform/server-locale.ts'
import { inTransaction } from '../../platform/transaction.ts'
import { findDueRows, runDueRow } from '../../platform/work/due-tables.ts'

export const minuteMs = 60_000

/** A mail that is due, without a nudge. */
export async function newMail(
  deps: Deps,
  given: { to?: string; locale?: ServerLocale; inviter?: string } = {},
): Promise<MailId> {
  const { to = `${newId()}@example.org`, locale = 'en', inviter } = given
  const expiresAt = new Date(deps.clock.now() + 10 * minuteMs).toISOString()
  const link = 'http://localhost:8080/signup?invite=token'
  const letter = inviter
    ? { template: 'invitation' as const, link, inviter, expiresAt }
    : { template: 'reset' as const, code: '123456', expiresAt }
  return deps.db.transaction().execute((db) => {
    const after = { hints: new Map(), locked: new Set<never>(), sessions: [], nudges: [] }
    return queueMail({ ...deps, db, after }, { to, locale, letter })
  })
}

/** A mail that is due, with the nudge that the queue carries. */
export function newNudgedMail(deps: Deps): Promise<MailId> {
  const expiresAt = new Date(deps.clock.now() + 10 * minuteMs).toISOString()
  const letter = { template: 'reset' as const, code: '123456', expiresAt }
  return inTransaction(deps, (tx) => queueMail(tx, { to: 'a@example.org', locale: 'en', letter }))
}

/** Sends this mail as a worker does. */
export async function sendMail(deps: Deps, id: MailId): Promise<void> {
  await runDueRow(deps, mailTable, id)
}

export function dueMails(deps: Deps) {
  return findDueRows(deps, mailTable)
}

export function mailRow(deps: Deps, id: MailId) {
  return deps.db
    .selectFrom('mails')
    .select(['state', 'attempts', 'error', 'data', 'claimed_until'])
    .select(sql<number>`extract(epoch from retry_at - veche_now())::int`.as('wait'))
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
}
