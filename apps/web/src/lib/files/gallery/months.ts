import type { Locale } from '#lib/i18n/languages.ts'
import { regional } from '#lib/i18n/region.ts'
import type { GalleryItem } from './gallery-items.ts'

export type Month = { key: string; title: string; items: { item: GalleryItem; index: number }[] }

/** The newest first, under the names of their months. `index` counts from the newest. */
export function byMonths(locale: Locale, items: readonly GalleryItem[], now: Date): Month[] {
  const months: Month[] = []
  for (const [index, item] of [...items].reverse().entries()) {
    const at = new Date(item.message.createdAt)
    const key = `${at.getFullYear()}-${at.getMonth()}`
    if (months.at(-1)?.key !== key) months.push({ key, title: monthName(locale, at, now), items: [] })
    months.at(-1)!.items.push({ item, index })
  }
  return months
}

/** "March"; in another year "March 2025". */
export function monthName(locale: Locale, at: Date, now: Date): string {
  const year = at.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' as const }
  const name = new Intl.DateTimeFormat(regional(locale), { month: 'long', ...year }).format(at)
  return `${name.charAt(0).toLocaleUpperCase(locale)}${name.slice(1)}`.replace(/\s?г\.$/, '').replace(' ', '\u00a0')
}
