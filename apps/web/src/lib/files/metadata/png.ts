import { latinBytes, latinText } from './latin.ts'
import { orientationOnly } from './orientation.ts'

const SIGNATURE_BYTES = 8
const EXIF = 'eXIf'
/** Texts hold what editors write, and XMP. */
const privateChunks = new Set([EXIF, 'tEXt', 'zTXt', 'iTXt', 'tIME'])

/** Null when this is no whole PNG. What follows its end goes. */
export function publicPng(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const parts = [bytes.subarray(0, SIGNATURE_BYTES)]
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at)
    if (end > bytes.length) return null
    const name = latinText(bytes.subarray(at + 4, at + 8))
    const orientation = name === EXIF ? orientationOnly(bytes.subarray(at + 8, end - 4)) : null
    if (orientation) parts.push(chunk(EXIF, orientation))
    if (!privateChunks.has(name)) parts.push(bytes.subarray(at, end))
    if (name === 'IEND') return parts
    at = end
  }
  return null
}

function chunk(name: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, data.length)
  bytes.set(latinBytes(name), 4)
  bytes.set(data, 8)
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)))
  return bytes
}

/** The checksum of PNG. It is made of a few bytes only. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}
