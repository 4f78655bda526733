import { rgbaToThumbHash } from 'thumbhash'

/** More pixels would make it slower and not better. */
const MAX_SIDE = 100

type Size = { width: number; height: number }

/** What others see of a picture until the server has made its preview, in base64. Undefined when this browser lets nobody read pixels. */
export function thumbhashOf(picture: CanvasImageSource, size: Size): string | undefined {
  const { width, height } = thumbhashSize(size)
  try {
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width, height })
    // It stays in the memory of the processor, so no large picture goes to the graphics card and back.
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (!context) return undefined
    // Then only some of its pixels are read, however large it is. The hash is blurred anyway.
    context.imageSmoothingQuality = 'low'
    context.drawImage(picture, 0, 0, width, height)
    return encodeThumbhash({ width, height }, context.getImageData(0, 0, width, height).data)
  } catch {
    return undefined
  }
}

/** The shape of the picture, as small as a thumbhash is made from. */
export function thumbhashSize({ width, height }: Size): Size {
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height))
  const scaled = (side: number) => Math.max(1, Math.round(side * scale))
  return { width: scaled(width), height: scaled(height) }
}

/** Nothing of it is transparent, by the highest bit of its third byte. */
export function isOpaque(thumbhash: string): boolean {
  return atob(thumbhash).charCodeAt(2) < 128
}

export function encodeThumbhash({ width, height }: Size, rgba: ArrayLike<number>): string {
  return btoa(String.fromCharCode(...rgbaToThumbHash(width, height, rgba)))
}
