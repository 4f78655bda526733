import type { MailId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { sqlIn, sqlNow } from '../platform/clock.ts'
import { expired, type Failure, failureOf, killed, stored } from './failure.ts'
import { letter, type LetterData, secretsOf } from './letters.ts'
import { sendingMs } from './mailer.ts'
import { write } from './text.ts'

const tries = 3
/** How long to wait after the first and after the second failure. */
const waits = [30_000, 300_000]
/** Longer than a mail can take, so that nobody else sends it while it is being sent. */
const leaseMs = sendingMs + 30_000

/** Sends this mail if it is due and nobody else has it in hand. Whatever happens then stands in its row. */
export async function sendMail(deps: Deps, mailId: MailId): Promise<void> {
  const mail = await claim(deps, mailId)
  if (!mail) return
  // The try was counted when it was claimed: a mail that takes the worker down with it is given up as well.
  if (mail.attempts > tries) return giveUp(deps, mail, killed)
  const said = letter.safeParse({ template: mail.template, ...(mail.data as object) })
  if (!said.success || Date.parse(said.data.expiresAt) <= deps.clock.now()) return giveUp(deps, mail, expired)
  try {
    await deps.mailer.send(outgoing(deps, mail, said.data))
  } catch (error) {
    return failed(deps, mail, failureOf(error))
  }
  await sent(deps, mail)
}

/** The mails that are due now, oldest first: what the queue did not tell, or told to somebody who died. */
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

function outgoing({ env }: Deps, mail: Claimed, data: LetterData) {
  const { id, to_address: to, locale } = mail
  return { id, to, ...write({ letter: data, locale, serverName: env.SERVER_NAME, publicUrl: env.PUBLIC_URL }) }
}

/** Even when the lease ran out meanwhile: it has gone, and must not go again. What was secret in it is forgotten. */
async function sent(deps: Deps, mail: Claimed): Promise<void> {
  await deps.db
    .updateTable('mails')
    .set({ state: 'sent', sent_at: sqlNow, claimed_until: null, error: null, data: withoutSecret(mail) })
    .where('id', '=', mail.id)
    .where('state', '=', 'due')
    .execute()
  deps.metrics.jobs.inc({ name: 'mail.send', outcome: 'sent' })
}

async function failed(deps: Deps, mail: Claimed, failure: Failure): Promise<void> {
  const wait = waits[mail.attempts - 1]
  if (!failure.again || wait === undefined) return giveUp(deps, mail, failure)
  deps.log.warn(
    { mailId: mail.id, failure: failure.kind, attempts: mail.attempts },
    'a mail was not sent; it is tried again',
  )
  await finish(deps, mail, { retry_at: sqlIn(wait), claimed_until: null, error: stored(failure) })
  deps.metrics.jobs.inc({ name: 'mail.send', outcome: 'retry' })
}

/** Left alone and shown to the administrators. What it was to bring stays, for as long as sending it again makes sense. */
async function giveUp(deps: Deps, mail: Claimed, failure: Failure): Promise<void> {
  deps.log.warn({ mailId: mail.id, failure: failure.kind, attempts: mail.attempts }, 'a mail was given up')
  const data = failure.kind === 'expired' ? { data: withoutSecret(mail) } : {}
  await finish(deps, mail, { state: 'given_up', claimed_until: null, error: stored(failure), ...data })
  deps.metrics.jobs.inc({ name: 'mail.send', outcome: 'given_up' })
}

type Outcome = {
  state?: 'given_up'
  retry_at?: ReturnType<typeof sqlIn>
  claimed_until: null
  error: string
  data?: ReturnType<typeof withoutSecret>
}

/** Only as long as this worker is the last that claimed it: a worker that was believed dead changes nothing. */
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
  return sql<string>`data - ${secretsOf[template as keyof typeof secretsOf] ?? ''}::text`
}
