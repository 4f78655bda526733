import { newId, type MailId } from '@veche/shared/ids'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { serverLocale } from '../platform/server-locale.ts'
import type { Letter } from './letters.ts'

export type NewMail = {
  to: string
  /** The language of the reader. */
  locale: string
  letter: Letter
  /** False writes a row that is never sent, so that a request for an unknown address takes the same time. */
  shouldSend?: boolean
}

/** The mail is due as soon as its row is committed; the nudge only makes it sooner. */
export async function queueMail(tx: Tx<Deps>, { to, locale, letter, shouldSend = true }: NewMail): Promise<MailId> {
  const id = newId<MailId>(tx.clock.now())
  const { template, ...data } = letter
  await tx.db
    .insertInto('mails')
    .values({
      id,
      to_address: shouldSend ? to : '',
      template,
      locale: serverLocale(locale),
      data: JSON.stringify(shouldSend ? data : {}),
      state: shouldSend ? 'due' : 'discarded',
    })
    .execute()
  if (shouldSend) tx.after.nudges.push(() => tx.queue.nudge('mail.send', id))
  return id
}
