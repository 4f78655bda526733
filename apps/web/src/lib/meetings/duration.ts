import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn } from '#lib/i18n/words.ts'
import { meetingWords } from './words.ts'

/** The length of a past call in words: less than a minute, 12 min, 1 h 5 min. */
export function durationText(locale: Locale, ms: number): string {
  const t = wordsIn(locale, meetingWords)
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return t.lessThanMinute
  return minutes < 60
    ? t.minutes({ count: minutes })
    : t.hours({ hours: Math.floor(minutes / 60), minutes: minutes % 60 })
}

/** The length of a running call as a clock: 0:07, 12:48, 1:02:03. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}
