export type PictureSize = { width: number; height: number }
/** From the middle of the stage, in pixels. */
export type Point = { x: number; y: number }
/** How a picture is shown: 1 fits the stage, and the point is where its middle is. */
export type Zoom = Point & { scale: number }

export const wholePicture: Zoom = { scale: 1, x: 0, y: 0 }
/** One press of a key or a button, and two notches of a wheel. */
export const ZOOM_STEP = 1.5
const MIN_MAX_SCALE = 3
const MAX_SCALE = 12
/** A finger has to move so far before it is known where it goes. */
const SLOP_PX = 8
const SWIPE_PX = 60
const CLOSE_PX = 110
/** A short quick movement is a swipe, too. */
const FLICK_PX_PER_MS = 0.45

/** The size of a picture on the stage, whole. A small one is not made larger. */
export function fit({ width, height }: PictureSize, stage: PictureSize): PictureSize {
  if (width <= 0 || height <= 0) return stage
  const scale = Math.min(1, stage.width / width, stage.height / height)
  return { width: width * scale, height: height * scale }
}

/** Each pixel of the original can be seen twice as large, and a small picture three times. */
export function maxScale(original: PictureSize, fitted: PictureSize): number {
  if (fitted.width <= 0) return MIN_MAX_SCALE
  return Math.min(MAX_SCALE, Math.max(MIN_MAX_SCALE, (2 * original.width) / fitted.width))
}

/** No edge of the picture comes away from the edge of the stage. A side that is shorter than the stage stays in its middle. */
export function withinBounds({ scale, x, y }: Zoom, fitted: PictureSize, stage: PictureSize): Zoom {
  const most = (side: number, room: number) => Math.max(0, (side * scale - room) / 2)
  return {
    scale,
    x: clamp(x, most(fitted.width, stage.width)),
    y: clamp(y, most(fitted.height, stage.height)),
  }
}

/** What is under the point stays there. */
export function zoomAt(zoom: Zoom, scale: number, at: Point, most: number): Zoom {
  const next = Math.min(most, Math.max(1, scale))
  const ratio = next / zoom.scale
  return { scale: next, x: at.x - (at.x - zoom.x) * ratio, y: at.y - (at.y - zoom.y) * ratio }
}

/** Where two fingers have brought a picture that was zoomed like this when they came down. */
export function pinch(zoom: Zoom, from: [Point, Point], to: [Point, Point], most: number): Zoom {
  const [before, after] = [middle(from), middle(to)]
  const spread = distance(to) / Math.max(1, distance(from))
  const zoomed = zoomAt(zoom, zoom.scale * spread, before, most)
  return { ...zoomed, x: zoomed.x + after.x - before.x, y: zoomed.y + after.y - before.y }
}

export type SwipeDirection = 'sideways' | 'down'

/** Where a finger goes; null until it is known. */
export function directionOf({ x, y }: Point): SwipeDirection | null {
  if (Math.hypot(x, y) < SLOP_PX) return null
  return Math.abs(x) > Math.abs(y) ? 'sideways' : 'down'
}

/** What a finger has asked for when it is lifted: the next or the previous picture, or to close. */
export function swipeOutcome(
  direction: SwipeDirection | null,
  { x, y }: Point,
  ms: number,
): 'next' | 'previous' | 'close' | null {
  const isFar = (way: number, enough: number) => way > enough || (way > 24 && way / Math.max(1, ms) > FLICK_PX_PER_MS)
  if (direction === 'sideways' && isFar(Math.abs(x), SWIPE_PX)) return x < 0 ? 'next' : 'previous'
  return direction === 'down' && isFar(y, CLOSE_PX) ? 'close' : null
}

/** The longer side that a picture takes on the screen, in its pixels: a preview of fewer would be seen. */
export function shownPixels(fitted: PictureSize, scale: number, pixelRatio: number): number {
  return Math.max(fitted.width, fitted.height) * scale * pixelRatio
}

function clamp(value: number, most: number): number {
  // Without this a middle would be minus zero.
  return most === 0 ? 0 : Math.min(most, Math.max(-most, value))
}

const middle = ([one, other]: [Point, Point]): Point => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 })
const distance = ([one, other]: [Point, Point]): number => Math.hypot(one.x - other.x, one.y - other.y)
