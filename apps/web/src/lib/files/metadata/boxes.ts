import { latinBytes, latinText } from './latin.ts'

/**
 * HEIC, AVIF, MP4 and MOV: boxes within boxes. What is private is overwritten where it stands, so that nothing else moves and the numbers
 * that point into the file stay right. Null when the boxes are not as they should be.
 */
export async function withoutPrivateBoxes(file: File): Promise<BlobPart[] | null> {
  const boxes = await topBoxes(file)
  if (!boxes) return null
  const changes: Change[] = []
  for (const { name, start, end, bodyStart } of boxes) {
    if (name === 'uuid') changes.push(...freed(start, bodyStart, end))
    if (name !== 'moov' && name !== 'meta') continue
    if (end - start > MAX_INDEX_BYTES) return null
    const body = new Uint8Array(await file.slice(bodyStart, end).arrayBuffer())
    changes.push(...(name === 'moov' ? privateInMovie(body, bodyStart) : privateItems(body, bodyStart)))
  }
  return changed(file, changes)
}

/** Indexes of the longest videos take some megabytes. */
const MAX_INDEX_BYTES = 100_000_000

type Box = { name: string; start: number; bodyStart: number; end: number }
/** From `start` to `end` the file holds these bytes, or zeros. */
type Change = { start: number; end: number; bytes?: Uint8Array<ArrayBuffer> }

async function topBoxes(file: File): Promise<Box[] | null> {
  const boxes: Box[] = []
  for (let start = 0; start < file.size;) {
    const head = new Uint8Array(await file.slice(start, start + 16).arrayBuffer())
    const box = readBox(head, 0, file.size - start)
    if (!box) return null
    boxes.push({ name: box.name, start, bodyStart: start + box.bodyStart, end: start + box.end })
    start += box.end
  }
  return boxes
}

/** The box that begins at `start`; `space` is what its parent has left for it. */
function readBox(bytes: Uint8Array, start: number, space: number): Box | null {
  if (start + 8 > bytes.length) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let size = view.getUint32(start)
  let header = 8
  if (size === 1) {
    if (start + 16 > bytes.length) return null
    size = Number(view.getBigUint64(start + 8))
    header = 16
  }
  if (size === 0) size = space
  if (size < header || size > space) return null
  const name = latinText(bytes.subarray(start + 4, start + 8))
  return { name, start, bodyStart: start + header, end: start + size }
}

/** Boxes that stand in `bytes` from here on. What is broken ends the list. */
function* boxesIn(bytes: Uint8Array, from: number, to = bytes.length): Generator<Box> {
  for (let at = from; at < to;) {
    const box = readBox(bytes, at, to - at)
    if (!box) return
    yield box
    at = box.end
  }
}

/** What a film says of itself, and each of its tracks. */
function privateInMovie(movie: Uint8Array, offset: number): Change[] {
  const found: Change[] = []
  for (const box of boxesIn(movie, 0)) {
    const inside = box.name === 'trak' ? [...boxesIn(movie, box.bodyStart, box.end)] : [box]
    for (const { name, start, bodyStart, end } of inside)
      if (name === 'udta' || name === 'meta' || name === 'uuid')
        found.push(...freed(offset + start, offset + bodyStart, offset + end))
  }
  return found
}

/** The box becomes free space of the same size. */
function freed(start: number, bodyStart: number, end: number): Change[] {
  return [
    { start: start + 4, end: start + 8, bytes: FREE },
    { start: bodyStart, end },
  ]
}

const FREE = latinBytes('free')

/** Exif and XMP of a HEIC or an AVIF are items, which lie elsewhere in the file. */
function privateItems(meta: Uint8Array<ArrayBuffer>, bodyStart: number): Change[] {
  const boxes = [...boxesIn(meta, FULL_BOX_BYTES)]
  const [names, places] = ['iinf', 'iloc'].map((name) => boxes.find((box) => box.name === name))
  if (!names || !places) return []
  const ids = privateItemIds(meta, names)
  const data = boxes.find((box) => box.name === 'idat')
  const extents = itemExtents(new Reader(meta.subarray(places.bodyStart, places.end)))
  return extents
    .filter(({ item }) => ids.has(item))
    .map(({ isInData, start, end }) => {
      const base = isInData ? bodyStart + (data?.bodyStart ?? meta.length) : 0
      return { start: base + start, end: base + end }
    })
}

/** A version and flags. */
const FULL_BOX_BYTES = 4
const privateTypes = new Set(['Exif', 'mime'])

function privateItemIds(meta: Uint8Array<ArrayBuffer>, { bodyStart, end }: Box): Set<number> {
  const isShort = meta[bodyStart] === 0
  const ids = new Set<number>()
  for (const { name, bodyStart: start, end: to } of boxesIn(
    meta,
    bodyStart + FULL_BOX_BYTES + (isShort ? 2 : 4),
    end,
  )) {
    const reader = new Reader(meta.subarray(start, to))
    const version = reader.number(1)
    if (name !== 'infe' || version < 2) continue
    reader.number(3)
    const id = reader.number(version === 2 ? 2 : 4)
    reader.number(2)
    if (privateTypes.has(reader.text(4))) ids.add(id)
  }
  return ids
}

type Extent = { item: number; isInData: boolean; start: number; end: number }

function itemExtents(reader: Reader): Extent[] {
  const version = reader.number(1)
  reader.number(3)
  const sizes = reader.number(2)
  const [offsetBytes, lengthBytes, baseBytes, indexBytes] = [12, 8, 4, 0].map((shift) => (sizes >> shift) & 15) as [
    number,
    number,
    number,
    number,
  ]
  const extents: Extent[] = []
  for (let left = reader.number(version < 2 ? 2 : 4); left > 0 && reader.left > 0; left -= 1) {
    const item = reader.number(version < 2 ? 2 : 4)
    const isInData = version > 0 && (reader.number(2) & 15) === 1
    reader.number(2)
    const base = reader.number(baseBytes)
    for (let count = reader.number(2); count > 0 && reader.left > 0; count -= 1) {
      if (version > 0) reader.number(indexBytes)
      const start = base + reader.number(offsetBytes)
      extents.push({ item, isInData, start, end: start + reader.number(lengthBytes) })
    }
  }
  return extents
}

/** Reads one number after the other. What is missing at the end is 0. */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  number(bytes: number): number {
    let value = 0
    for (let index = 0; index < bytes; index += 1) value = value * 256 + (this.#bytes[this.#at + index] ?? 0)
    this.#at += bytes
    return value
  }

  text(length: number): string {
    return String.fromCharCode(...Array.from({ length }, () => this.number(1)))
  }
}

/** The file with these parts overwritten. Changes that overlap or lie outside are broken: the file stays as it is. */
function changed(file: File, changes: Change[]): BlobPart[] | null {
  const parts: BlobPart[] = []
  let at = 0
  for (const { start, end, bytes } of changes.toSorted((one, other) => one.start - other.start)) {
    if (start < at || end < start || end > file.size) return null
    parts.push(file.slice(at, start), bytes ?? new Uint8Array(end - start))
    at = end
  }
  return at === 0 ? null : [...parts, file.slice(at)]
}
