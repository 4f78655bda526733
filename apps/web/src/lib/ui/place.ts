/** Where a menu was asked for: the box of a button, or the point of a press. */
export type Place = { left: number; top: number; right: number; bottom: number } | { x: number; y: number }

const EDGE = 8

/** Below and to the right if there is room, else above and to the left; never over the edge of the window. */
export function placed(
  place: Place,
  size: { width: number; height: number },
  view: { width: number; height: number } = { width: innerWidth, height: innerHeight },
): { left: number; top: number } {
  // A DOMRect has an x as well: what makes a box is its left.
  const box = 'left' in place ? place : { left: place.x, right: place.x, top: place.y, bottom: place.y }
  const gap = 'left' in place ? 4 : 0
  const fitsRight = box.left + size.width + EDGE <= view.width
  const fitsBelow = box.bottom + gap + size.height + EDGE <= view.height
  const left = fitsRight ? box.left : box.right - size.width
  const top = fitsBelow ? box.bottom + gap : box.top - gap - size.height
  return { left: within(left, view.width - size.width - EDGE), top: within(top, view.height - size.height - EDGE) }
}

function within(value: number, most: number): number {
  return Math.max(EDGE, Math.min(value, most))
}
