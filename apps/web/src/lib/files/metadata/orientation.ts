const ORIENTATION = 0x0112
const SHORT = 3

/** How the camera was held, by the first directory of a block of TIFF; null when it does not say. */
export function orientationIn(tiff: Uint8Array): number | null {
  if (tiff.length < 8) return null
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length)
  const isLittle = view.getUint16(0) === 0x4949
  const directory = view.getUint32(4, isLittle)
  if (directory + 2 > view.byteLength) return null
  const count = view.getUint16(directory, isLittle)
  for (let entry = directory + 2; entry < directory + 2 + 12 * count && entry + 12 <= view.byteLength; entry += 12)
    if (view.getUint16(entry, isLittle) === ORIENTATION) return view.getUint16(entry + 8, isLittle)
  return null
}

/** A block of TIFF that says nothing else. Null when the picture stands upright as it is. */
export function orientationOnly(tiff: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const orientation = orientationIn(tiff)
  if (orientation === null || orientation <= 1 || orientation > 8) return null
  const [high, low] = [ORIENTATION >> 8, ORIENTATION & 0xff]
  const header = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8]
  return Uint8Array.from([...header, 0, 1, high, low, 0, SHORT, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0])
}
