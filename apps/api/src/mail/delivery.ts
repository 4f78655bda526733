import type { MailId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import type { ServerLocale } from '../platform/server-locale.ts'
import type { DueTable } from '../platform/work/due-tables.ts'
import { describeFailure, failureOf, LetterExpired } from './failure.ts'
import { type Letter, letterSchema, secretKeys } from './letters.ts'
import { sendTimeoutMs } from './mailer.ts'
import { writeMail } from './text.ts'

type Mail = { id: MailId; to_address: string; template: string; locale: ServerLocale; data: unknown }

/** Mails are sent once. Administrators may send one that was given up again, so it keeps its secret until that has expired. */
export const mailTable: DueTable = {
  name: 'mail.send',
  table: 'mails',
  columns: ['to_address', 'template', 'locale', 'data'],
  leaseMs: sendTimeoutMs + 30_000,
  retryDelaysMs: [30_000, 300_000],
  run: sendMail,
  failureOf,
  changesAtEnd: (end, failure) => [
    ...(end === 'done' ? [sql`sent_at = veche_now()`] : []),
    ...(end !== 'given_up' || failure?.kind === 'expired' ? [sql`data = data - ${secretKeys}::text[]`] : []),
  ],
  about: ({ template, to_address }: Mail) => ({ word: template, name: to_address }),
  describeFailure,
}

async function sendMail(deps: Deps, mail: Mail): Promise<void> {
  const letter = letterSchema.safeParse({ template: mail.template, ...(mail.data as object) })
  if (!letter.success || Date.parse(letter.data.expiresAt) <= deps.clock.now()) throw new LetterExpired()
  await deps.mailer.send(toOutgoing(deps, mail, letter.data))
}

function toOutgoing({ env }: Deps, { id, to_address: to, locale }: Mail, letter: Letter) {
  return { id, to, ...writeMail({ letter, locale, serverName: env.SERVER_NAME, publicUrl: env.PUBLIC_URL }) }
}
