import type { Locale } from './languages.ts'
import { regional } from './region.ts'

/** Making a formatter is slow, so each is made once. */
const formatters = new Map<string, Intl.DateTimeFormat>()

/** 14:32 */
export function formatTime(locale: Locale, at: string | number | Date): string {
  return format(locale, at, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}

/** 3 March; in another year 3 March 2025. */
export function formatDay(locale: Locale, at: string | number | Date, now: Date): string {
  const sameYear = new Date(at).getFullYear() === now.getFullYear()
  return formatDate(locale, at, sameYear ? {} : { year: 'numeric' })
}

/** 3 March 2025 */
export function formatDate(
  locale: Locale,
  at: string | number | Date,
  year: { year?: 'numeric' } = { year: 'numeric' },
) {
  const text = format(locale, at, { day: 'numeric', month: 'long', ...year })
  return text.replace(/\s?г\.$/, '').replace(/^(\d+|\p{L}+)\s/u, '$1\u00a0')
}

/** 3 March, 14:32; today 14:32. */
export function formatDayAndTime(locale: Locale, at: string | number | Date, now: Date): string {
  return isSameDay(new Date(at), now)
    ? formatTime(locale, at)
    : `${formatDay(locale, at, now)}, ${formatTime(locale, at)}`
}

/** Mon, пн */
export function formatWeekday(locale: Locale, at: string | number | Date): string {
  return format(locale, at, { weekday: 'short' })
}

/** 03.03.25 */
export function formatShortDate(locale: Locale, at: string | number | Date): string {
  return format(locale, at, { day: '2-digit', month: '2-digit', year: '2-digit' })
}

/** How many midnights have passed since: 0 is today, 1 is yesterday. */
export function daysAgo(at: string | number | Date, now: Date): number {
  return Math.round((midnight(now) - midnight(new Date(at))) / 86_400_000)
}

export function isSameDay(one: Date, other: Date): boolean {
  return midnight(one) === midnight(other)
}

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()
}

function format(locale: Locale, at: string | number | Date, options: Intl.DateTimeFormatOptions): string {
  const language = regional(locale)
  const key = language + JSON.stringify(options)
  const formatter = formatters.get(key) ?? new Intl.DateTimeFormat(language, options)
  formatters.set(key, formatter)
  return formatter.format(new Date(at))
}
