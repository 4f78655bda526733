import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addRange, holds, rangesFrom, type Range } from './ranges.ts'

const bounds = fc.tuple(fc.nat(30), fc.nat(6)).map(([from, length]): Range => [from, from + length])

function seqs(ranges: Range[]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index))
}

test('ranges hold exactly what was added, sorted, and never touch each other', () => {
  fc.assert(
    fc.property(fc.array(bounds), (added) => {
      const ranges = added.reduce<Range[]>((all, [from, to]) => addRange(all, from, to), [])
      expect(seqs(ranges)).toEqual([...new Set(seqs(added))].sort((a, b) => a - b))
      for (const [index, [from]] of ranges.slice(1).entries())
        expect(from).toBeGreaterThan((ranges[index]?.[1] ?? 0) + 1)
    }),
  )
})

test('rangesFrom keeps the part of the ranges that is at or after a seq', () => {
  fc.assert(
    fc.property(fc.array(bounds), fc.nat(36), (added, from) => {
      const ranges = added.reduce<Range[]>((all, range) => addRange(all, ...range), [])
      expect(seqs(rangesFrom(ranges, from))).toEqual(seqs(ranges).filter((seq) => seq >= from))
    }),
  )
})

test('a span is held when each seq of it is held, and an empty span is always held', () => {
  fc.assert(
    fc.property(fc.array(bounds), fc.nat(36), fc.integer({ min: -1, max: 8 }), (added, from, length) => {
      const ranges = added.reduce<Range[]>((all, range) => addRange(all, ...range), [])
      const wanted = Array.from({ length: length + 1 }, (_, index) => from + index)
      expect(holds(ranges, from, from + length)).toBe(wanted.every((seq) => seqs(ranges).includes(seq)))
    }),
  )
})

test('an empty span adds nothing', () => {
  expect(addRange([[1, 3]], 5, 4)).toEqual([[1, 3]])
})
