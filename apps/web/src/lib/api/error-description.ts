import type { Locale } from '#lib/i18n/catalogue.ts'
import type { AppError } from './error.ts'
import { errorTexts, retryTexts } from './error-texts.ts'

/** Says what happened, when to try again, and which incident to report to the administrator. */
export function describeError(error: AppError, locale: Locale): string {
  const parts = [errorTexts[locale][error.code]]
  const words = retryTexts[locale]
  if (error.retryAfterSeconds !== undefined && error.retryAfterSeconds > 0) {
    const minutes = Math.ceil(error.retryAfterSeconds / 60)
    parts.push(
      error.retryAfterSeconds < 60 ? words.seconds(Math.ceil(error.retryAfterSeconds)) : words.minutes(minutes),
    )
  }
  if (error.incident) parts.push(words.incident(error.incident))
  return parts.join(' ')
}
