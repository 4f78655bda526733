/** Where a menu opens: at the box of a button, or at the point of a press. */
export type MenuPosition = { left: number; top: number; right: number; bottom: number } | { x: number; y: number }

const MARGIN = 8

/** The corner of a menu: below and to the right when there is room, else above and to the left, and always inside the window. */
export function fitIntoWindow(
  position: MenuPosition,
  size: { width: number; height: number },
  view: { width: number; height: number } = { width: innerWidth, height: innerHeight },
): { left: number; top: number } {
  // A DOMRect has an x too, so `left` tells a box from a point.
  const box =
    'left' in position ? position : { left: position.x, right: position.x, top: position.y, bottom: position.y }
  const gap = 'left' in position ? 4 : 0
  const fitsRight = box.left + size.width + MARGIN <= view.width
  const fitsBelow = box.bottom + gap + size.height + MARGIN <= view.height
  const left = fitsRight ? box.left : box.right - size.width
  const top = fitsBelow ? box.bottom + gap : box.top - gap - size.height
  return { left: within(left, view.width - size.width - MARGIN), top: within(top, view.height - size.height - MARGIN) }
}

function within(value: number, most: number): number {
  return Math.max(MARGIN, Math.min(value, most))
}
