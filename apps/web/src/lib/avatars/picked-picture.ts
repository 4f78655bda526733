import { avatarSides } from '@veche/shared/avatars'
import type { Crop } from './crop.ts'

const SIDE = Math.max(...avatarSides)
/** A square of this side is enough for an avatar at every zoom; the area and the sides are what every browser can hold in a canvas. */
const MAX_SQUARE = 2_048
const MAX_AREA = 16_000_000
const MAX_SIDE = 8_192

/**
 * A picture of this device, upright and small enough to work with, or null when this browser cannot read it. The browser reads it as an
 * image, because it then turns it upright, takes the first frame of an animation and shrinks what is very large while it decodes it.
 */
export async function openPicture(file: Blob): Promise<HTMLCanvasElement | null> {
  const url = URL.createObjectURL(file)
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const { naturalWidth: width, naturalHeight: height } = image
    return width > 0 && height > 0 ? drawn(image, width, height) : null
  } catch {
    return null
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** The avatar as it is sent. Every browser can write JPEG. */
export function cutOut(picture: HTMLCanvasElement, crop: Crop): Promise<Blob | null> {
  const square = canvasOf(SIDE, SIDE)
  drawCrop(square, picture, crop)
  return new Promise((resolve) => square.toBlob(resolve, 'image/jpeg', 0.92))
}

/** Fills the canvas with this part of the picture. What is transparent becomes white, as on the server. */
export function drawCrop(canvas: HTMLCanvasElement, picture: HTMLCanvasElement, { left, top, side }: Crop): void {
  const context = canvas.getContext('2d')!
  context.fillStyle = 'white'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(picture, left, top, side, side, 0, 0, canvas.width, canvas.height)
}

function drawn(image: HTMLImageElement, width: number, height: number): HTMLCanvasElement {
  const fits = [
    MAX_SQUARE / Math.min(width, height),
    Math.sqrt(MAX_AREA / (width * height)),
    MAX_SIDE / Math.max(width, height),
  ]
  const scale = Math.min(1, ...fits)
  const canvas = canvasOf(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)))
  const context = canvas.getContext('2d')!
  context.imageSmoothingQuality = 'high'
  context.drawImage(image, 0, 0, canvas.width, canvas.height)
  return canvas
}

function canvasOf(width: number, height: number): HTMLCanvasElement {
  return Object.assign(document.createElement('canvas'), { width, height })
}
