import type { Locale } from './catalogue.ts'

const made = new Map<string, Intl.DateTimeFormat>()

/** 14:32 */
export function clock(locale: Locale, at: string | number | Date): string {
  return format(locale, at, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}

/** 3 March, or 3 March 2025 when it is not of this year. */
export function day(locale: Locale, at: string | number | Date, now: Date = new Date()): string {
  const sameYear = new Date(at).getFullYear() === now.getFullYear()
  const text = format(locale, at, { day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) })
  return text.replace(/\s?г\.$/, '').replace(/^(\d+)\s/, '$1\u00a0')
}

/** 3 March, 14:32 */
export function moment(locale: Locale, at: string | number | Date, now: Date = new Date()): string {
  return isSameDay(new Date(at), now) ? clock(locale, at) : `${day(locale, at, now)}, ${clock(locale, at)}`
}

/** Mon, пн */
export function weekday(locale: Locale, at: string | number | Date): string {
  return format(locale, at, { weekday: 'short' })
}

/** 03.03.25 */
export function shortDate(locale: Locale, at: string | number | Date): string {
  return format(locale, at, { day: '2-digit', month: '2-digit', year: '2-digit' })
}

/** How many midnights lie between: 0 is today, 1 yesterday. */
export function daysAgo(at: string | number | Date, now: Date = new Date()): number {
  return Math.round((midnight(now) - midnight(new Date(at))) / 86_400_000)
}

export function isSameDay(one: Date, other: Date): boolean {
  return midnight(one) === midnight(other)
}

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()
}

function format(locale: Locale, at: string | number | Date, options: Intl.DateTimeFormatOptions): string {
  const key = locale + JSON.stringify(options)
  const formatter = made.get(key) ?? new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : 'ru', options)
  made.set(key, formatter)
  return formatter.format(new Date(at))
}
