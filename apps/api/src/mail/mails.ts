import { newId, type MailId } from '@veche/shared/ids'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import type { LetterData } from './letters.ts'

export type NewMail = {
  to: string
  locale: 'ru' | 'en'
  letter: LetterData
  /** False writes a row that is never sent, where the work for nobody must look like the work for somebody. */
  really?: boolean
}

/** A mail is due from the moment its row is committed; the nudge only makes it sooner. */
export async function queueMail(tx: Tx<Deps>, { to, locale, letter, really = true }: NewMail): Promise<MailId> {
  const id = newId<MailId>(tx.clock.now())
  const { template, ...data } = letter
  await tx.db
    .insertInto('mails')
    .values({
      id,
      to_address: really ? to : '',
      template,
      locale,
      data: JSON.stringify(really ? data : {}),
      state: really ? 'due' : 'discarded',
    })
    .execute()
  if (really) tx.after.nudges.push(() => tx.queue.nudge('mail.send', { mailId: id }, id))
  return id
}
