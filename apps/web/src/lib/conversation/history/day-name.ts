import type { Locale } from '#lib/i18n/languages.ts'
import { formatDay, daysAgo } from '#lib/i18n/time.ts'
import { wordsIn } from '#lib/i18n/words.ts'
import { conversationWords } from '../words.ts'

/** Today, yesterday, or a date. */
export function dayName(locale: Locale, at: string, now: Date): string {
  const days = daysAgo(at, now)
  if (days > 1) return formatDay(locale, at, now)
  const t = wordsIn(locale, conversationWords)
  return days === 1 ? t.yesterday : t.today
}
