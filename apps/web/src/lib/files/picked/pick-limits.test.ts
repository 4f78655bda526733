import { expect, test } from 'vitest'
import { withinLimits } from './pick-limits.ts'

const file = (size: number) => new File([new Uint8Array(size)], `${size}.bin`)
const use = { usedBytes: 50, maxBytes: 100, fileMaxBytes: 40 }

test('what fits is kept, and nothing is refused', () => {
  const picked = [file(40), file(10)]
  expect(withinLimits(picked, use)).toEqual({ files: picked, refused: [], refusal: null })
})

test('a file over the limit is left out, and the refusal says how large files may be', () => {
  const [large, small] = [file(41), file(1)]
  const { files, refusal } = withinLimits([large, small], use)
  expect(files).toEqual([small])
  expect([refusal?.code, refusal?.bytes]).toEqual(['file.too_large', { used: 0, max: 40 }])
})

test('files from where there is no room left are left out, and the refusal says how much of the room is taken', () => {
  const [first, second, third] = [file(30), file(30), file(20)]
  const { files, refusal } = withinLimits([first, second, third], use)
  expect(files).toEqual([first, third])
  expect([refusal?.code, refusal?.bytes]).toEqual(['file.quota_full', { used: 50, max: 100 }])
})
