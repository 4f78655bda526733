import { formatDay, formatTime, daysAgo } from '#lib/i18n/time.ts'
import type { Locale } from '#lib/i18n/catalogue.ts'
import { peopleWords } from './catalogue.ts'

/** "online", "last seen 14:32", "last seen 3 March". */
export function presenceText(locale: Locale, presence: { online: boolean; seenAt: string | null }): string {
  const words = peopleWords[locale]
  if (presence.online) return words.online
  if (presence.seenAt === null) return words.seenNever
  const when = daysAgo(presence.seenAt) === 0 ? formatTime(locale, presence.seenAt) : formatDay(locale, presence.seenAt)
  return words.seen(when)
}
