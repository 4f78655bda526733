import type { Locale } from '#lib/i18n/languages.ts'
import { formatTime, daysAgo, formatShortDate, formatWeekday } from '#lib/i18n/time.ts'
import { wordsIn } from '#lib/i18n/words.ts'
import { chatWords } from './words.ts'

/** A short time for lists: 14:32, yesterday, Mon, 03.03.25. */
export function listTime(locale: Locale, at: string, now: Date): string {
  const days = daysAgo(at, now)
  if (days <= 0) return formatTime(locale, at)
  if (days === 1) return wordsIn(locale, chatWords).yesterday
  return days < 7 ? formatWeekday(locale, at) : formatShortDate(locale, at)
}
