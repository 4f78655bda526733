/**
 * Photos without what a camera wrote into them: where, when and with what they were taken, and small pictures from before they were cut.
 * How the camera was held stays, and so do the colours. A file in another format, or one that is not as it should be, stays as it is.
 */
export async function withoutPrivateMetadata(file: File): Promise<Blob> {
  if (file.type !== 'image/jpeg') return file
  const bytes = new Uint8Array(await file.arrayBuffer())
  const parts = publicParts(bytes)
  return parts ? new Blob(parts, { type: file.type }) : file
}

const START = 0xd8
const END = 0xd9
const START_OF_SCAN = 0xda
/** APP1 holds Exif and XMP, APP13 what editors write; in APP2 the colour profile stays, and a list of further pictures goes. */
const privateMarkers = new Set([0xe1, 0xed, 0xfe])
const MORE_PICTURES = 'MPF\0'

/** Null when this is no whole JPEG. */
function publicParts(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] | null {
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
    const orientation = marker === 0xe1 ? orientationIn(segment) : null
    if (orientation !== null && orientation !== 1) parts.push(orientationOnly(orientation))
    if (!privateMarkers.has(marker) && !textAt(segment, 4, MORE_PICTURES)) parts.push(segment)
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

const EXIF = 'Exif\0\0'
const ORIENTATION = 0x0112
/** Where the block of TIFF begins in the segment, to which its numbers refer. */
const TIFF = 10

/** How the camera was held, in the first directory of an Exif segment. */
function orientationIn(segment: Uint8Array<ArrayBuffer>): number | null {
  if (!textAt(segment, 4, EXIF) || segment.length < TIFF + 8) return null
  const view = new DataView(segment.buffer, segment.byteOffset + TIFF, segment.length - TIFF)
  const isLittle = view.getUint16(0) === 0x4949
  const directory = view.getUint32(4, isLittle)
  if (directory + 2 > view.byteLength) return null
  const count = view.getUint16(directory, isLittle)
  for (let entry = directory + 2; entry < directory + 2 + 12 * count && entry + 12 <= view.byteLength; entry += 12)
    if (view.getUint16(entry, isLittle) === ORIENTATION) return view.getUint16(entry + 8, isLittle)
  return null
}

/** An Exif segment that says nothing else. */
function orientationOnly(orientation: number): Uint8Array<ArrayBuffer> {
  const exif = [...EXIF].map((letter) => letter.charCodeAt(0))
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
  const length = 2 + exif.length + tiff.length
  return Uint8Array.from([0xff, 0xe1, length >> 8, length & 0xff, ...exif, ...tiff])
}

function textAt(bytes: Uint8Array, at: number, text: string): boolean {
  return [...text].every((letter, index) => bytes[at + index] === letter.charCodeAt(0))
}
