import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn, wordsOf } from '#lib/i18n/words.ts'
import type { AppError, AppErrorCode } from './error.ts'

const errorWords = wordsOf('errors')
const retryWords = wordsOf('retry')

/** Says what happened, when to try again, and which incident to report to the administrator. */
export function describeError(error: AppError, locale: Locale): string {
  const texts: Partial<Record<AppErrorCode, string>> = wordsIn(locale, errorWords)
  const parts = [texts[error.code] ?? texts['server.error']]
  const t = wordsIn(locale, retryWords)
  const { retryAfterSeconds: seconds = 0, incident } = error
  if (seconds >= 7_200) parts.push(t.hours({ count: Math.ceil(seconds / 3_600) }))
  else if (seconds >= 60) parts.push(t.minutes({ count: Math.ceil(seconds / 60) }))
  else if (seconds > 0) parts.push(t.seconds({ count: Math.ceil(seconds) }))
  if (incident) parts.push(t.incident({ id: incident }))
  return parts.join(' ')
}
