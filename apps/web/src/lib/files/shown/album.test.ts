import { describe, expect, test } from 'vitest'
import { albumTiles } from './album.ts'

const lying = { width: 1600, height: 1200 }
const standing = { width: 1200, height: 1600 }
const panorama = { width: 6000, height: 1000 }
const tall = { width: 500, height: 4000 }
const many = (count: number, picture: { width: number; height: number }) => Array.from({ length: count }, () => picture)
const spans = (pictures: (typeof lying)[]) => albumTiles(pictures).map(({ span }) => span)

/** By the width of the album. */
function heightOf(pictures: (typeof lying)[]): number {
  return albumTiles(pictures).reduce((height, { span, ratio }) => height + ((span / 6) * (span / 6)) / ratio, 0)
}

describe('an album', () => {
  test('a few pictures stand two in a row, and the first of three lies over the others', () => {
    expect(spans(many(2, lying))).toEqual([3, 3])
    expect(spans(many(3, lying))).toEqual([6, 3, 3])
    expect(spans(many(4, lying))).toEqual([3, 3, 3, 3])
  })

  test('three standing pictures share a row', () => {
    expect(spans(many(3, standing))).toEqual([2, 2, 2])
  })

  test('five and more stand three in a row, under a first row of what is left over', () => {
    expect(spans(many(5, lying))).toEqual([3, 3, 2, 2, 2])
    expect(spans(many(6, lying))).toEqual(many(6, lying).map(() => 2))
    expect(spans(many(7, lying))).toEqual([6, 2, 2, 2, 2, 2, 2])
    expect(spans(many(7, standing))).toEqual([3, 3, 3, 3, 2, 2, 2])
  })

  test('every row is full, and none of up to ten pictures makes it much higher than wide', () => {
    for (const picture of [lying, standing, panorama, tall])
      for (let count = 2; count <= 10; count++) {
        const pictures = many(count, picture)
        expect(spans(pictures).reduce<number>((sum, span) => sum + span, 0) % 6).toBe(0)
        expect(heightOf(pictures)).toBeLessThan(2)
      }
  })

  test('a panorama has a row of its own, and the rows around it are full', () => {
    const tiles = albumTiles([lying, panorama, standing, standing])
    expect(tiles.map(({ span }) => span)).toEqual([6, 6, 3, 3])
    expect(tiles[1]).toEqual({ span: 6, ratio: 4, isWhole: false })
  })

  test('no tile shows less than half of its picture without showing all of it', () => {
    const sizes = [lying, standing, panorama, tall, { width: 30_000, height: 1000 }]
    for (const one of sizes)
      for (const other of sizes)
        for (const [at, { ratio, isWhole }] of albumTiles([one, other, one, other, other]).entries()) {
          const { width, height } = [one, other, one, other, other][at]!
          const seen = Math.min(ratio / (width / height), width / height / ratio)
          expect(isWhole || seen >= 0.5).toBe(true)
        }
  })
})
