import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn, wordsOf } from '#lib/i18n/words.ts'
import type { AppError, AppErrorCode } from './error.ts'

const errorWords = wordsOf('errors')
const retryWords = wordsOf('retry')

/** Says what happened, when to try again, and which incident to report to the administrator. */
export function describeError(error: AppError, locale: Locale): string {
  const texts: Record<AppErrorCode, string> = wordsIn(locale, errorWords)
  const parts = [texts[error.code]]
  const t = wordsIn(locale, retryWords)
  const { retryAfterSeconds: seconds = 0, incident } = error
  if (seconds > 0)
    parts.push(seconds < 60 ? t.seconds({ count: Math.ceil(seconds) }) : t.minutes({ count: Math.ceil(seconds / 60) }))
  if (incident) parts.push(t.incident({ id: incident }))
  return parts.join(' ')
}
