import type { MailId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { sqlIn, sqlNow } from '../platform/clock.ts'
import { contentExpired, type Failure, failureOf, toErrorText, workerKilled } from './failure.ts'
import { letterSchema, type Letter, secretKeyOf } from './letters.ts'
import { sendTimeoutMs } from './mailer.ts'
import { writeMail } from './text.ts'

const maxTries = 3
/** After the first and after the second failure. */
const retryDelaysMs = [30_000, 300_000]
/** Longer than sending can take, so that no other worker sends the mail meanwhile. */
const leaseMs = sendTimeoutMs + 30_000

/** Sends this mail if it is due and no other worker has claimed it. The row keeps what came of it. */
export async function sendMail(deps: Deps, mailId: MailId): Promise<void> {
  const mail = await claim(deps, mailId)
  if (!mail) return
  // The try was counted with the claim, so a mail that ends the worker each time is given up as well.
  if (mail.attempts > maxTries) return giveUp(deps, mail, workerKilled)
  const letter = letterSchema.safeParse({ template: mail.template, ...(mail.data as object) })
  if (!letter.success || Date.parse(letter.data.expiresAt) <= deps.clock.now())
    return giveUp(deps, mail, contentExpired)
  try {
    await deps.mailer.send(toOutgoing(deps, mail, letter.data))
  } catch (error) {
    return noteFailure(deps, mail, failureOf(error))
  }
  await noteSent(deps, mail)
}

/** The mails that are due now, oldest first: the nudge of these was lost, or their worker was killed. */
export async function dueMails(deps: Deps): Promise<{ mailId: MailId }[]> {
  const rows = await deps.db
    .selectFrom('mails')
    .select('id')
    .where('state', '=', 'due')
    .where('retry_at', '<=', sqlNow)
    .where((eb) => eb.or([eb('claimed_until', 'is', null), eb('claimed_until', '<=', sqlNow)]))
    .orderBy('retry_at')
    .limit(100)
    .execute()
  return rows.map(({ id }) => ({ mailId: id }))
}

type Claimed = {
  id: MailId
  to_address: string
  template: string
  locale: 'ru' | 'en'
  data: unknown
  attempts: number
}

async function claim(deps: Deps, mailId: MailId): Promise<Claimed | undefined> {
  return deps.db
    .updateTable('mails')
    .set((eb) => ({ claimed_until: sqlIn(leaseMs), attempts: eb('attempts', '+', 1) }))
    .where('id', '=', (eb) =>
      eb
        .selectFrom('mails')
        .select('id')
        .where('id', '=', mailId)
        .where('state', '=', 'due')
        .where('retry_at', '<=', sqlNow)
        .where((or) => or.or([or('claimed_until', 'is', null), or('claimed_until', '<=', sqlNow)]))
        .forUpdate()
        .skipLocked(),
    )
    .returning(['id', 'to_address', 'template', 'locale', 'data', 'attempts'])
    .executeTakeFirst()
}

function toOutgoing({ env }: Deps, mail: Claimed, data: Letter) {
  const { id, to_address: to, locale } = mail
  return { id, to, ...writeMail({ letter: data, locale, serverName: env.SERVER_NAME, publicUrl: env.PUBLIC_URL }) }
}

/** Notes it even when the lease ran out meanwhile: the mail was sent, and must not be sent again. Its secret is deleted. */
async function noteSent(deps: Deps, mail: Claimed): Promise<void> {
  await deps.db
    .updateTable('mails')
    .set({ state: 'sent', sent_at: sqlNow, claimed_until: null, error: null, data: withoutSecret(mail) })
    .where('id', '=', mail.id)
    .where('state', '=', 'due')
    .execute()
  deps.metrics.jobs.inc({ name: 'mail.send', outcome: 'sent' })
}

async function noteFailure(deps: Deps, mail: Claimed, failure: Failure): Promise<void> {
  const retryMs = retryDelaysMs[mail.attempts - 1]
  if (!failure.isTemporary || retryMs === undefined) return giveUp(deps, mail, failure)
  deps.log.warn(
    { mailId: mail.id, failure: failure.kind, attempts: mail.attempts },
    'a mail was not sent; it is tried again',
  )
  await finish(deps, mail, { retry_at: sqlIn(retryMs), claimed_until: null, error: toErrorText(failure) })
  deps.metrics.jobs.inc({ name: 'mail.send', outcome: 'retry' })
}

/** Administrators see the mail and may send it again, so its secret is kept, unless the secret has expired. */
async function giveUp(deps: Deps, mail: Claimed, failure: Failure): Promise<void> {
  deps.log.warn({ mailId: mail.id, failure: failure.kind, attempts: mail.attempts }, 'a mail was given up')
  const data = failure.kind === 'expired' ? { data: withoutSecret(mail) } : {}
  await finish(deps, mail, { state: 'given_up', claimed_until: null, error: toErrorText(failure), ...data })
  deps.metrics.jobs.inc({ name: 'mail.send', outcome: 'given_up' })
}

type Outcome = {
  state?: 'given_up'
  retry_at?: ReturnType<typeof sqlIn>
  claimed_until: null
  error: string
  data?: ReturnType<typeof withoutSecret>
}

/** Changes the row only while this worker's claim is the last one: a worker whose lease ran out changes nothing. */
async function finish(deps: Deps, mail: Claimed, outcome: Outcome): Promise<void> {
  await deps.db
    .updateTable('mails')
    .set(outcome)
    .where('id', '=', mail.id)
    .where('state', '=', 'due')
    .where('attempts', '=', mail.attempts)
    .execute()
}

function withoutSecret({ template }: Claimed) {
  return sql<string>`data - ${secretKeyOf[template as keyof typeof secretKeyOf] ?? ''}::text`
}
