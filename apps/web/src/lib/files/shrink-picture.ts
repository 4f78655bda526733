import type { FileToSend } from '#lib/live/outbox/send-files.ts'
import { thumbhashOf } from './picked/picture-thumbhash.ts'

/** The longer side of a picture that was made smaller, in pixels: more than a screen shows. */
export const SMALLER_SIDE = 2560
const QUALITY = 0.85

/** From what it is made: a photo stays one, and a picture that may be transparent becomes a WebP. */
const smallerTypes: Record<string, string> = {
  'image/jpeg': 'image/jpeg',
  'image/heic': 'image/jpeg',
  'image/heif': 'image/jpeg',
  'image/avif': 'image/webp',
  'image/png': 'image/webp',
  'image/webp': 'image/webp',
}
const endings: Record<string, string> = { 'image/jpeg': 'jpg', 'image/webp': 'webp' }
/** Says in the first bytes of a PNG or a WebP that it moves. */
const animationMarks = ['acTL', 'ANIM']
const HEAD_BYTES = 4096

export function mayShrink({ type }: File): boolean {
  return type in smallerTypes
}

export type SmallerPicture = Required<Pick<FileToSend, 'width' | 'height'>> &
  Pick<FileToSend, 'name' | 'bytes' | 'thumbhash'>

/** The same picture with fewer pixels and upright. Null when it would not be smaller, or when the browser cannot read or write it. */
export async function shrinkPicture(file: File): Promise<SmallerPicture | null> {
  const type = smallerTypes[file.type]
  if (!type || (await isAnimated(file))) return null
  const url = URL.createObjectURL(file)
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const { naturalWidth, naturalHeight } = image
    const scale = Math.min(1, SMALLER_SIDE / Math.max(naturalWidth, naturalHeight))
    const [width, height] = [naturalWidth, naturalHeight].map((side) => Math.max(1, Math.round(side * scale))) as [
      number,
      number,
    ]
    const canvas = draw(image, { width, height })
    const bytes = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, QUALITY))
    // A browser that cannot write this type writes a PNG.
    if (bytes?.type !== type || bytes.size >= file.size) return null
    const name = `${file.name.replace(/\.[^.]{1,5}$/, '')}.${endings[type]}`
    const thumbhash = thumbhashOf(canvas, { width, height })
    return { name, bytes, width, height, ...(thumbhash && { thumbhash }) }
  } catch {
    return null
  } finally {
    URL.revokeObjectURL(url)
  }
}

function draw(image: HTMLImageElement, { width, height }: { width: number; height: number }): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d')
  if (!context) throw new Error('this browser cannot draw it')
  context.imageSmoothingQuality = 'high'
  context.drawImage(image, 0, 0, width, height)
  return canvas
}

async function isAnimated(file: File): Promise<boolean> {
  const head = await file.slice(0, HEAD_BYTES).text()
  return file.type !== 'image/jpeg' && animationMarks.some((mark) => head.includes(mark))
}
