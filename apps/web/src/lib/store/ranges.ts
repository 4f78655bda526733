/** Inclusive bounds. A list of ranges is sorted, without overlaps and without neighbours that touch. */
export type Range = [from: number, to: number]

export function addRange(ranges: Range[], from: number, to: number): Range[] {
  if (to < from) return ranges
  const before = ranges.filter((range) => range[1] < from - 1)
  const after = ranges.filter((range) => range[0] > to + 1)
  const touched = ranges.slice(before.length, ranges.length - after.length)
  const first = touched[0]
  const last = touched.at(-1)
  if (touched.length === 1 && first && first[0] <= from && first[1] >= to) return ranges
  return [...before, [Math.min(from, first?.[0] ?? from), Math.max(to, last?.[1] ?? to)], ...after]
}

/** The part of the ranges that is at or after `from`. */
export function rangesFrom(ranges: Range[], from: number): Range[] {
  if (!ranges.some((range) => range[0] < from)) return ranges
  return ranges.filter((range) => range[1] >= from).map((range) => [Math.max(range[0], from), range[1]])
}

export function rangeOf(ranges: Range[], seq: number): Range | undefined {
  return ranges.find((range) => range[0] <= seq && seq <= range[1])
}

/** How many numbers the ranges hold. */
export function sizeOf(ranges: Range[]): number {
  return ranges.reduce((sum, [from, to]) => sum + Math.max(0, to - from + 1), 0)
}

export function holds(ranges: Range[], from: number, to: number): boolean {
  if (to < from) return true
  const range = rangeOf(ranges, from)
  return range !== undefined && range[1] >= to
}
