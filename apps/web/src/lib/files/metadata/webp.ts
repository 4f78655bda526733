import { latinBytes, latinText } from './latin.ts'
import { orientationOnly } from './orientation.ts'

const HEADER_BYTES = 12
const EXIF = 'EXIF'
const privateChunks = new Set([EXIF, 'XMP '])
/** Bits of the first byte of the extended header that say which metadata follow. */
const HAS_EXIF = 0x08
const HAS_XMP = 0x04

/** Null when this is no whole WebP. */
export function publicWebp(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const end = 8 + view.getUint32(4, true)
  if (end > bytes.length) return null
  const parts: Uint8Array<ArrayBuffer>[] = []
  let extended: Uint8Array | null = null
  let orientation: Uint8Array<ArrayBuffer> | null = null
  for (let at = HEADER_BYTES; at < end;) {
    if (at + 8 > end) return null
    const size = view.getUint32(at + 4, true)
    const next = at + 8 + size + (size % 2)
    if (next > end) return null
    const name = latinText(bytes.subarray(at, at + 4))
    if (name === EXIF) orientation = orientationOnly(withoutPrefix(bytes.subarray(at + 8, at + 8 + size)))
    if (!privateChunks.has(name)) parts.push(bytes.slice(at, next))
    if (name === 'VP8X') extended = parts.at(-1)!
    at = next
  }
  if (extended) {
    extended[8] = (extended[8]! & ~(HAS_EXIF | HAS_XMP)) | (orientation ? HAS_EXIF : 0)
    if (orientation) parts.push(chunk(EXIF, orientation))
  }
  return [header(parts.reduce((sum, { length }) => sum + length, 4)), ...parts]
}

/** Some programs put the beginning of a JPEG's segment before it. */
function withoutPrefix(exif: Uint8Array): Uint8Array {
  return exif[0] === 0x45 && exif[1] === 0x78 ? exif.subarray(6) : exif
}

function chunk(name: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + data.length + (data.length % 2))
  bytes.set(latinBytes(name))
  new DataView(bytes.buffer).setUint32(4, data.length, true)
  bytes.set(data, 8)
  return bytes
}

function header(size: number): Uint8Array<ArrayBuffer> {
  const bytes = chunk('RIFF', new Uint8Array(4))
  new DataView(bytes.buffer).setUint32(4, size, true)
  bytes.set(latinBytes('WEBP'), 8)
  return bytes
}
