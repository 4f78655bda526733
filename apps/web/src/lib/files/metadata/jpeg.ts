import { hasLatinAt, latinBytes } from './latin.ts'
import { orientationOnly } from './orientation.ts'

const START = 0xd8
const END = 0xd9
const START_OF_SCAN = 0xda
const APP1 = 0xe1
/** APP1 holds Exif and XMP, APP13 what editors write; in APP2 the colour profile stays, and a list of further pictures goes. */
const privateMarkers = new Set([APP1, 0xed, 0xfe])
const MORE_PICTURES = 'MPF\0'
const EXIF = 'Exif\0\0'
/** Where the block of TIFF begins in the segment, to which its numbers refer. */
const TIFF = 10

/** Null when this is no whole JPEG. */
export function publicJpeg(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] | null {
  if (bytes[0] !== 0xff || bytes[1] !== START) return null
  const parts = [bytes.subarray(0, 2)]
  for (let at = 2; at + 2 <= bytes.length;) {
    if (bytes[at] !== 0xff) return null
    const marker = bytes[at + 1]!
    // What follows the end is another picture, with metadata of its own.
    if (marker === END) return [...parts, bytes.subarray(at, at + 2)]
    const end = at + 2 + ((bytes[at + 2] ?? 0) << 8) + (bytes[at + 3] ?? 0)
    if (end > bytes.length || end < at + 4) return null
    const segment = bytes.subarray(at, end)
    const orientation = marker === APP1 && hasLatinAt(segment, 4, EXIF) ? orientationOnly(segment.subarray(TIFF)) : null
    if (orientation) parts.push(exifSegment(orientation))
    if (!privateMarkers.has(marker) && !hasLatinAt(segment, 4, MORE_PICTURES)) parts.push(segment)
    at = end
    if (marker !== START_OF_SCAN) continue
    at = endOfScan(bytes, end)
    parts.push(bytes.subarray(end, at))
    // Some programs leave the end out.
    if (at >= bytes.length - 1) return parts
  }
  return null
}

/** In the data of a scan a marker stands only for a restart, or after it has ended. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 1 < bytes.length; at += 1) {
    const next = bytes[at + 1]!
    if (bytes[at] === 0xff && next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at
  }
  return bytes.length
}

function exifSegment(tiff: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = 2 + EXIF.length + tiff.length
  return Uint8Array.from([0xff, APP1, length >> 8, length & 0xff, ...latinBytes(EXIF), ...tiff])
}
