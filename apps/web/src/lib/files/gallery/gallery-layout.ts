import type { GalleryItem } from './gallery-items.ts'
import type { Month } from './months.ts'

export type GalleryRow = { key: string; top: number; height: number } & (
  | { title: string; items: null }
  | { title: null; items: Month['items'] }
)
export type GalleryMeasures = { columns: number; rowPx: number; headingPx: number }

/** Where each month's name and each row of a gallery stands. Only the rows in view are in the page. */
export function layOutRows(months: readonly Month[], { columns, rowPx, headingPx }: GalleryMeasures): GalleryRow[] {
  const rows: GalleryRow[] = []
  let top = 0
  for (const { key, title, items } of months) {
    rows.push({ key, top, height: headingPx, title, items: null })
    top += headingPx
    for (let from = 0; from < items.length; from += columns, top += rowPx) {
      const ofRow = items.slice(from, from + columns)
      rows.push({ key: ofRow[0]!.item.key, top, height: rowPx, title: null, items: ofRow })
    }
  }
  return rows
}

/** The rows between two heights, in their order. */
export function rowsBetween(rows: readonly GalleryRow[], from: number, to: number): GalleryRow[] {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.top + rows[middle]!.height <= from) low = middle + 1
    else high = middle
  }
  const found: GalleryRow[] = []
  for (let index = low; index < rows.length && rows[index]!.top < to; index++) found.push(rows[index]!)
  return found
}

export function totalHeight(rows: readonly GalleryRow[]): number {
  const last = rows.at(-1)
  return last ? last.top + last.height : 0
}

/** How far what is in view has moved, when rows came or went above it. */
export function galleryMovedBy(before: readonly GalleryRow[], after: readonly GalleryRow[], scrollTop: number): number {
  const anchor = rowsBetween(before, scrollTop, Infinity).find(({ items }) => items !== null)
  const item: GalleryItem | undefined = anchor?.items?.[0]?.item
  const now = item && after.find(({ items }) => items?.some((each) => each.item.key === item.key))
  return anchor && now ? now.top - anchor.top : 0
}
