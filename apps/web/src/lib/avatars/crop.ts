/** The part of a picture that becomes the avatar: a square, in pixels of the picture. */
export type Crop = { left: number; top: number; side: number }
export type UncutSize = { width: number; height: number }

/** The largest square stands for 1. A small picture may be enlarged too, for a face at its edge. */
export function maxZoom({ width, height }: UncutSize): number {
  return Math.min(10, Math.max(3, Math.min(width, height) / 200))
}

/** The largest square, from the middle. */
export function wholeCrop({ width, height }: UncutSize): Crop {
  const side = Math.min(width, height)
  return { left: (width - side) / 2, top: (height - side) / 2, side }
}

export function zoomOf({ side }: Crop, { width, height }: UncutSize): number {
  return Math.min(width, height) / side
}

/** Drags the picture by this part of the frame: to the right shows more of its left. */
export function movePicture(crop: Crop, size: UncutSize, x: number, y: number): Crop {
  return inside({ ...crop, left: crop.left - x * crop.side, top: crop.top - y * crop.side }, size)
}

/** Zooms to so many times the smallest zoom. What stands at this part of the frame stays there. */
export function zoomPicture(crop: Crop, size: UncutSize, zoom: number, x = 0.5, y = 0.5): Crop {
  const side = Math.min(size.width, size.height) / Math.min(Math.max(zoom, 1), maxZoom(size))
  const grown = side - crop.side
  return inside({ left: crop.left - x * grown, top: crop.top - y * grown, side }, size)
}

/** The frame never shows anything beside the picture. */
function inside({ left, top, side }: Crop, { width, height }: UncutSize): Crop {
  return { left: clamp(left, width - side), top: clamp(top, height - side), side }
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), Math.max(most, 0))
}
