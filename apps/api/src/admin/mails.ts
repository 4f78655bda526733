import type { MailId } from '@veche/shared/ids'
import type { OneMail } from '@veche/shared/schemas/admin'
import type { Ctx } from '../ctx.ts'
import { must } from '../errors.ts'
import { describeFailure } from '../mail/failure.ts'
import { secretKeys } from '../mail/letters.ts'
import { sql } from 'kysely'
import { iso, sqlNow } from '../platform/clock.ts'
import { inviterOf } from './inviter.ts'

export type FailedMail = {
  id: MailId
  to: string
  template: string
  attempts: number
  error: string
  createdAt: string
}

const maxShown = 200

/** Mails that were given up, the newest first: to whom and why, without their content. */
export async function listFailedMails(ctx: Ctx): Promise<{ mails: FailedMail[] }> {
  const { locale } = await inviterOf(ctx)
  const rows = await ctx.db
    .selectFrom('mails')
    .select(['id', 'to_address', 'template', 'attempts', 'error', 'created_at'])
    .where('state', '=', 'given_up')
    .orderBy('created_at', 'desc')
    .limit(maxShown)
    .execute()
  const toFailed = (row: (typeof rows)[number]): FailedMail => ({
    id: row.id,
    to: row.to_address,
    template: row.template,
    attempts: row.attempts,
    error: describeFailure(row.error, locale),
    createdAt: iso(row.created_at),
  })
  return { mails: rows.map(toFailed) }
}

/** The mail is due again, with all its tries. */
export async function retryMail(ctx: Ctx, { mailId }: OneMail): Promise<Record<string, never>> {
  const found = await ctx.db
    .updateTable('mails')
    .set({ state: 'due', attempts: 0, retry_at: sqlNow, claimed_until: null, error: null })
    .where('id', '=', mailId)
    .where('state', '=', 'given_up')
    .returning('id')
    .executeTakeFirst()
  must(found, 'mail.not_found')
  ctx.queue.nudge('mail.send', { mailId }, mailId)
  return {}
}

export async function discardMail(ctx: Ctx, { mailId }: OneMail): Promise<Record<string, never>> {
  const found = await ctx.db
    .updateTable('mails')
    .set({ state: 'discarded', data: sql<string>`data - ${secretKeys}::text[]` })
    .where('id', '=', mailId)
    .where('state', '=', 'given_up')
    .returning('id')
    .executeTakeFirst()
  must(found, 'mail.not_found')
  return {}
}
