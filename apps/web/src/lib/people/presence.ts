import { formatDay, formatTime, daysAgo } from '#lib/i18n/time.ts'
import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn, wordsOf } from '#lib/i18n/words.ts'

const words = wordsOf('presence')

type Presence = { online: boolean; seenAt: string | null }

/** "online", "last seen 14:32", "last seen 3 March". */
export function presenceText(locale: Locale, presence: Presence, now: Date): string {
  const t = wordsIn(locale, words)
  if (presence.online) return t.online
  if (presence.seenAt === null) return t.seenNever
  const { seenAt } = presence
  return t.seen({ when: daysAgo(seenAt, now) === 0 ? formatTime(locale, seenAt) : formatDay(locale, seenAt, now) })
}
