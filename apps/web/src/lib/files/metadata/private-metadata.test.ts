import sharp from 'sharp'
import { expect, test } from 'vitest'
import { withoutPrivateMetadata } from './private-metadata.ts'

const where = {
  IFD0: { Make: 'A camera', Model: 'Of mine' },
  IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '59/1 56/1 0/1' },
}
const gradient = Buffer.from(Array.from({ length: 64 * 48 * 3 }, (_, index) => (index * 7) % 256))
const picture = (orientation: number) =>
  sharp(gradient, { raw: { width: 64, height: 48, channels: 3 } })
    .withExif(where)
    .withMetadata({ orientation })
    .withExifMerge(where)

const cleaned = async (bytes: Buffer) =>
  Buffer.from(await (await withoutPrivateMetadata(new File([new Uint8Array(bytes)], 'a'))).arrayBuffer())
const pixels = (bytes: Buffer) => sharp(bytes).autoOrient().raw().toBuffer()

const formats: Record<string, (orientation: number) => Promise<Buffer>> = {
  jpeg: (orientation) => picture(orientation).jpeg().toBuffer(),
  'progressive jpeg': (orientation) => picture(orientation).jpeg({ progressive: true }).toBuffer(),
  png: (orientation) => picture(orientation).png().toBuffer(),
  webp: (orientation) => picture(orientation).webp({ lossless: true }).toBuffer(),
  avif: (orientation) => picture(orientation).avif({ effort: 0 }).toBuffer(),
}

test.each(Object.entries(formats))(
  'a photo loses where and with what it was taken, and stands as before: %s',
  async (_, photo) => {
    for (const orientation of [1, 3, 6, 8]) {
      const before = await photo(orientation)
      expect(before.includes('A camera')).toBe(true)
      const after = await cleaned(before)
      expect(after.includes('A camera')).toBe(false)
      const { exif } = await sharp(after).metadata()
      expect(exif?.includes(Buffer.from([0x88, 0x25])) ?? false).toBe(false)
      expect(await pixels(after)).toEqual(await pixels(before))
    }
  },
)

test('a second picture behind the first one goes too, since it may say where it was taken', async () => {
  const one = await formats['jpeg']!(1)
  const after = await cleaned(Buffer.concat([one, await formats['jpeg']!(6)]))
  expect(after).toEqual(await cleaned(one))
})

test('what an editor wrote into a PNG goes', async () => {
  const text = Buffer.from('tEXtComment\0from the garden')
  const chunk = Buffer.concat([Buffer.from([0, 0, 0, text.length - 4]), text, Buffer.alloc(4)])
  const whole = await picture(1).png().toBuffer()
  const header = 8 + 25
  const after = await cleaned(Buffer.concat([whole.subarray(0, header), chunk, whole.subarray(header)]))
  expect(after.includes('garden')).toBe(false)
  expect(await pixels(after)).toEqual(await pixels(whole))
})

test('a video loses where it was taken, of any size and without being read as a whole', async () => {
  const before = video()
  expect(before.includes('+59.93+030.33')).toBe(true)
  const file = new File([new Uint8Array(before)], 'a.mp4')
  file.arrayBuffer = () => Promise.reject(new Error('It was read as a whole.'))
  const after = Buffer.from(await (await withoutPrivateMetadata(file)).arrayBuffer())
  expect(after.length).toBe(before.length)
  expect(after.includes('+59.93+030.33')).toBe(false)
  const media = before.indexOf('mdat')
  expect(after.includes('moov') && after.includes('trak')).toBe(true)
  expect(after.subarray(media, media + 400)).toEqual(before.subarray(media, media + 400))
})

test('what is no photo, or a broken one, stays as it is', async () => {
  const whole = await formats['jpeg']!(6)
  for (const bytes of [
    Buffer.from('text'),
    Buffer.alloc(0),
    whole.subarray(0, 30),
    Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff]),
    (await formats['png']!(6)).subarray(0, 60),
    (await formats['webp']!(6)).subarray(0, 60),
    (await formats['avif']!(6)).subarray(0, 60),
  ])
    expect(await cleaned(bytes)).toEqual(bytes)
})

test.each(Object.entries(formats))(
  'any bytes that follow the beginning of a photo end in an answer: %s',
  async (_, photo) => {
    const whole = await photo(6)
    for (let at = 2; at < Math.min(whole.length, 400); at += 1) {
      const bytes = Buffer.from(whole)
      bytes[at] = 0xff - bytes[at]!
      await cleaned(bytes)
    }
  },
)

/** Boxes as a phone writes them: the place stands in the movie and in its track. */
function video(): Buffer {
  const box = (name: string, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts)
    const head = Buffer.alloc(8)
    head.writeUInt32BE(8 + body.length)
    head.write(name, 4, 'latin1')
    return Buffer.concat([head, body])
  }
  const place = () => box('udta', box('\xa9xyz', Buffer.from('\0\x0e\x15\xc7+59.93+030.33/')))
  const keys = box('meta', Buffer.from('com.apple.quicktime.location.ISO6709 +59.93+030.33/'))
  const track = box('trak', box('tkhd', Buffer.alloc(84)), place())
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2')),
    box('mdat', Buffer.alloc(1_000, 7)),
    box('moov', box('mvhd', Buffer.alloc(100)), track, place(), keys),
  ])
}
