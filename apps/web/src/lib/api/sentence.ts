import type { Locale } from '#lib/i18n/catalogue.ts'
import type { AppError } from './error.ts'
import { sentences, waits } from './sentences.ts'

/** What the reader is told: what happened, when to try again, and what to name to the administrator. */
export function sentence(error: AppError, locale: Locale): string {
  const parts = [sentences[locale][error.code]]
  const words = waits[locale]
  if (error.retryAfter !== undefined && error.retryAfter > 0) {
    const minutes = Math.ceil(error.retryAfter / 60)
    parts.push(error.retryAfter < 60 ? words.seconds(Math.ceil(error.retryAfter)) : words.minutes(minutes))
  }
  if (error.incident) parts.push(words.incident(error.incident))
  return parts.join(' ')
}
