import { thumbHashToAverageRGBA } from 'thumbhash'
import { expect, test } from 'vitest'
import { sendFiles } from '@veche/shared/schemas/messages'
import { thumbhashUrl } from '../shown/thumbhash-url.ts'
import { encodeThumbhash, isOpaque, thumbhashOf, thumbhashSize } from './picture-thumbhash.ts'

const bytesOf = (base64: string) => Buffer.from(base64, 'base64')
const filled = (pixels: number, rgba: number[]) => Array.from({ length: pixels }, () => rgba).flat()
const noise = (length: number) => crypto.getRandomValues(new Uint8Array(length))

/** The server takes it with a message. */
function isTaken(thumbhash: string): boolean {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057'
  const files = [{ contentId: id, name: 'a.jpg', thumbhash }]
  return sendFiles.safeParse({ chatId: id, clientId: id, body: '', files }).success
}

test('a picture keeps its shape when it is made as small as a thumbhash needs, however long it is', () => {
  expect(thumbhashSize({ width: 4000, height: 3000 })).toEqual({ width: 100, height: 75 })
  expect(thumbhashSize({ width: 30, height: 60 })).toEqual({ width: 30, height: 60 })
  expect(thumbhashSize({ width: 2, height: 60_000 })).toEqual({ width: 1, height: 100 })
})

test('a thumbhash has the colour of the picture, and says what of it is transparent', () => {
  const size = { width: 10, height: 20 }
  const blue = encodeThumbhash(size, filled(200, [40, 130, 170, 255]))
  const opaque = thumbHashToAverageRGBA(bytesOf(blue))
  expect([opaque.a, isOpaque(blue)]).toEqual([1, true])
  expect(opaque.b).toBeGreaterThan(opaque.r + 0.3)
  const half = encodeThumbhash(size, [...filled(100, [40, 130, 170, 255]), ...filled(100, [0, 0, 0, 0])])
  expect(thumbHashToAverageRGBA(bytesOf(half)).a).toBeCloseTo(0.5, 1)
  expect(isOpaque(half)).toBe(false)
})

test('the server takes the thumbhash of any picture', () => {
  const sizes = [
    [1, 1],
    [100, 1],
    [1, 100],
    [100, 100],
    [99, 7],
  ] as const
  for (const [width, height] of sizes) {
    const size = { width, height }
    const pictures = [
      noise(width * height * 4),
      filled(width * height, [0, 0, 0, 0]),
      filled(width * height, [255, 255, 255, 255]),
    ]
    for (const rgba of pictures) expect(isTaken(encodeThumbhash(size, rgba))).toBe(true)
  }
})

test('whatever bytes somebody sends as a thumbhash, they are shown as a small picture or as none', () => {
  for (let length = 0; length <= 40; length += 1)
    for (let time = 0; time < 50; time += 1) {
      const url = thumbhashUrl(Buffer.from(noise(length)).toString('base64'))
      if (url) expect(url).toMatch(/^data:image\/png;base64,[\w+/]{80,7000}={0,2}$/)
    }
  for (const byte of [0, 7, 8, 127, 128, 255])
    expect(thumbhashUrl(Buffer.alloc(25, byte).toString('base64'))).toMatch(/^data:image\/png/)
})

test('where nothing can be drawn, a picture has no thumbhash', () => {
  expect(thumbhashOf({} as CanvasImageSource, { width: 10, height: 10 })).toBeUndefined()
})
