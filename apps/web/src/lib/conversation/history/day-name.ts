import type { Locale } from '#lib/i18n/catalogue.ts'
import { formatDay, daysAgo } from '#lib/i18n/time.ts'
import { conversationWords } from '../catalogue.ts'

/** Today, yesterday, or a date. */
export function dayName(locale: Locale, at: string, now: Date): string {
  const days = daysAgo(at, now)
  if (days > 1) return formatDay(locale, at, now)
  return days === 1 ? conversationWords[locale].yesterday : conversationWords[locale].today
}
