import type { MailId } from '@veche/shared/ids'
import type { OneMail } from '@veche/shared/schemas/admin'
import type { Ctx } from '../ctx.ts'
import { must } from '../errors.ts'
import { inWords } from '../mail/failure.ts'
import { secretKeys } from '../mail/letters.ts'
import { sql } from 'kysely'
import { iso, sqlNow } from '../platform/clock.ts'
import { speakerOf } from './speaker.ts'

export type FailedMail = {
  id: MailId
  to: string
  template: string
  attempts: number
  error: string
  createdAt: string
}

const shown = 200

/** Mail that was given up, the newest first: to whom and why, never what it says. */
export async function failedMails(ctx: Ctx): Promise<{ mails: FailedMail[] }> {
  const { locale } = await speakerOf(ctx)
  const rows = await ctx.db
    .selectFrom('mails')
    .select(['id', 'to_address', 'template', 'attempts', 'error', 'created_at'])
    .where('state', '=', 'given_up')
    .orderBy('created_at', 'desc')
    .limit(shown)
    .execute()
  const toFailed = (row: (typeof rows)[number]): FailedMail => ({
    id: row.id,
    to: row.to_address,
    template: row.template,
    attempts: row.attempts,
    error: inWords(row.error, locale),
    createdAt: iso(row.created_at),
  })
  return { mails: rows.map(toFailed) }
}

/** Due again, with all its tries. Two administrators at once make it due once. */
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
