import { withoutPrivateBoxes } from './boxes.ts'
import { publicJpeg } from './jpeg.ts'
import { hasLatinAt } from './latin.ts'
import { publicPng } from './png.ts'
import { publicWebp } from './webp.ts'

/**
 * Pictures and videos without what a camera or an editor wrote into them: where, when and with what they were taken, and small pictures
 * from before they were cut. How the camera was held stays, and so do the colours. A file in another format, or one that is not as it
 * should be, stays as it is.
 */
export async function withoutPrivateMetadata(file: File): Promise<Blob> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
  const format = formats.find(({ begins }) => begins(head))
  if (!format) return file
  const parts = await format.publicParts(file)
  return parts ? new Blob(parts, { type: file.type }) : file
}

const HEAD_BYTES = 12

type Format = {
  begins: (head: Uint8Array) => boolean
  /** Null when the file is not as it should be. */
  publicParts: (file: File) => Promise<BlobPart[] | null>
}

const wholeFile = (publicParts: (bytes: Uint8Array<ArrayBuffer>) => BlobPart[] | null) => async (file: File) =>
  publicParts(new Uint8Array(await file.arrayBuffer()))

const formats: Format[] = [
  { begins: (head) => hasLatinAt(head, 0, '\xff\xd8\xff'), publicParts: wholeFile(publicJpeg) },
  { begins: (head) => hasLatinAt(head, 0, '\x89PNG\r\n\x1a\n'), publicParts: wholeFile(publicPng) },
  { begins: (head) => hasLatinAt(head, 0, 'RIFF') && hasLatinAt(head, 8, 'WEBP'), publicParts: wholeFile(publicWebp) },
  // A video may be larger than the memory of a phone.
  { begins: (head) => hasLatinAt(head, 4, 'ftyp'), publicParts: withoutPrivateBoxes },
]
