import { formatDay, formatTime, daysAgo } from '#lib/i18n/time.ts'
import type { Locale } from '#lib/i18n/catalogue.ts'
import { peopleWords } from './catalogue.ts'

type Presence = { online: boolean; seenAt: string | null }

/** "online", "last seen 14:32", "last seen 3 March". */
export function presenceText(locale: Locale, presence: Presence, now: Date): string {
  const words = peopleWords[locale]
  if (presence.online) return words.online
  if (presence.seenAt === null) return words.seenNever
  const { seenAt } = presence
  return words.seen(daysAgo(seenAt, now) === 0 ? formatTime(locale, seenAt) : formatDay(locale, seenAt, now))
}
