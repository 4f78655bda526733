import sharp from 'sharp'
import { expect, test } from 'vitest'
import { withoutPrivateMetadata } from './private-metadata.ts'

const where = {
  IFD0: { Make: 'A camera', Model: 'Of mine' },
  IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '59/1 56/1 0/1' },
}

async function photo(orientation: number, progressive = false): Promise<Buffer> {
  const gradient = Buffer.from(Array.from({ length: 64 * 48 * 3 }, (_, index) => (index * 7) % 256))
  return sharp(gradient, { raw: { width: 64, height: 48, channels: 3 } })
    .jpeg({ progressive })
    .withExif(where)
    .withMetadata({ orientation })
    .withExifMerge(where)
    .toBuffer()
}

const cleaned = async (bytes: Buffer, type = 'image/jpeg') =>
  Buffer.from(await (await withoutPrivateMetadata(new File([new Uint8Array(bytes)], 'a', { type }))).arrayBuffer())
const pixels = (bytes: Buffer) => sharp(bytes).autoOrient().raw().toBuffer()

test.each([1, 3, 6, 8])(
  'a photo loses where and with what it was taken, and stands upright as before: %i',
  async (orientation) => {
    for (const progressive of [false, true]) {
      const before = await photo(orientation, progressive)
      expect(before.includes('A camera')).toBe(true)
      const after = await cleaned(before)
      expect(after.includes('A camera')).toBe(false)
      expect((await sharp(after).metadata()).orientation ?? 1).toBe(orientation)
      expect(await pixels(after)).toEqual(await pixels(before))
    }
  },
)

test('a second picture behind the first one goes too, since it may say where it was taken', async () => {
  const one = await photo(1)
  const after = await cleaned(Buffer.concat([one, await photo(6)]))
  expect(after).toEqual(await cleaned(one))
})

test('what is no photo, or a broken one, stays as it is', async () => {
  const whole = await photo(6)
  for (const bytes of [
    Buffer.from('text'),
    Buffer.alloc(0),
    whole.subarray(0, 30),
    Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff]),
  ])
    expect(await cleaned(bytes)).toEqual(bytes)
  expect(await cleaned(whole, 'image/png')).toEqual(whole)
})

test('any bytes that follow the beginning of a photo end in an answer', async () => {
  const whole = await photo(6)
  for (let at = 2; at < Math.min(whole.length, 400); at += 1) {
    const bytes = Buffer.from(whole)
    bytes[at] = 0xff - bytes[at]!
    await cleaned(bytes)
  }
})
