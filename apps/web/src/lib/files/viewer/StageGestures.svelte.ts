import {
  type SwipeDirection,
  directionOf,
  pinch,
  type Point,
  type PictureSize,
  swipeOutcome,
  wholePicture,
  withinBounds,
  type Zoom,
  zoomAt,
  ZOOM_STEP,
} from './zoom.ts'

const DOUBLE_TAP_MS = 300
const DOUBLE_TAP_PX = 30
const TAP_PX = 8
/** How much of a notch of a wheel makes a picture larger. */
const WHEEL_SPEED = 0.0022

type StageOptions = {
  stage: () => PictureSize
  /** The picture as it is shown whole; null for what cannot be zoomed. */
  fitted: () => PictureSize | null
  most: () => number
  /** False for people who want no motion: what is swiped does not follow the finger. */
  follows: boolean
  onswipe: (outcome: 'next' | 'previous' | 'close') => void
}

type Held = { from: Point; at: Point }

/** What fingers, a mouse and a wheel do with the picture: zoom, move within its bounds, or swipe it away. */
export class StageGestures {
  zoom = $state.raw<Zoom>(wholePicture)
  /** How far the whole picture follows the finger. */
  drag = $state.raw<Point>({ x: 0, y: 0 })
  /** Fingers are down: nothing is animated. */
  isHeld = $state(false)
  readonly isZoomed = $derived(this.zoom.scale > 1)
  readonly #options: StageOptions
  readonly #pointers = new Map<number, Held>()
  #zoomBefore: Zoom = wholePicture
  #direction: SwipeDirection | null = null
  #startedAt = 0
  #lastTap: { at: number; point: Point } | null = null
  /** Two fingers were down: what is left of them is no tap and no swipe. */
  #wasPinch = false

  constructor(options: StageOptions) {
    this.#options = options
  }

  reset(): void {
    this.zoom = wholePicture
    this.drag = { x: 0, y: 0 }
    this.#pointers.clear()
    this.isHeld = false
  }

  zoomBy(factor: number, at: Point = { x: 0, y: 0 }): void {
    this.#set(zoomAt(this.zoom, this.zoom.scale * factor, at, this.#options.most()))
  }

  /** In to twice the size and a half, or back to the whole picture. */
  toggle(at?: Point): void {
    if (this.isZoomed) this.zoom = wholePicture
    else this.zoomBy(ZOOM_STEP * ZOOM_STEP, at)
  }

  /** Moves a picture that is zoomed. False when it is at its edge. */
  pan(by: Point): boolean {
    const before = this.zoom
    this.#set({ ...before, x: before.x + by.x, y: before.y + by.y })
    return this.zoom.x !== before.x || this.zoom.y !== before.y
  }

  wheel(event: WheelEvent): void {
    event.preventDefault()
    // Firefox counts in lines.
    const pixels = event.deltaY * (event.deltaMode === 1 ? 24 : 1)
    this.zoomBy(Math.exp(-pixels * WHEEL_SPEED * (event.ctrlKey ? 4 : 1)), this.#pointOf(event))
  }

  pointerdown(event: PointerEvent): void {
    if (event.button !== 0 || isControl(event.target) || isOfVideo(event)) return
    // A video keeps its pointer, so that a tap still plays it. Fingers are held by what they touched in any case.
    if (!isVideo(event.target)) (event.currentTarget as Element).setPointerCapture?.(event.pointerId)
    const point = this.#pointOf(event)
    this.#pointers.set(event.pointerId, { from: point, at: point })
    this.#begin(event.timeStamp)
    this.#wasPinch = this.#pointers.size > 1
  }

  pointermove(event: PointerEvent): void {
    const held = this.#pointers.get(event.pointerId)
    if (!held) return
    held.at = this.#pointOf(event)
    const [one, other] = [...this.#pointers.values()]
    if (one && other) {
      this.drag = { x: 0, y: 0 }
      return this.#set(pinch(this.#zoomBefore, [one.from, other.from], [one.at, other.at], this.#options.most()))
    }
    const moved = { x: held.at.x - held.from.x, y: held.at.y - held.from.y }
    if (this.isZoomed)
      this.#set({ ...this.#zoomBefore, x: this.#zoomBefore.x + moved.x, y: this.#zoomBefore.y + moved.y })
    else if (event.pointerType !== 'mouse' && !this.#wasPinch) this.#follow(moved)
  }

  /** Says whether it was a press in one place. */
  pointerup(event: PointerEvent): boolean {
    const held = this.#pointers.get(event.pointerId)
    if (!held) return false
    this.#pointers.delete(event.pointerId)
    const moved = { x: held.at.x - held.from.x, y: held.at.y - held.from.y }
    const direction = this.isZoomed || event.pointerType === 'mouse' ? null : this.#direction
    if (this.#pointers.size > 0) {
      this.#begin(event.timeStamp)
      return false
    }
    this.isHeld = false
    this.drag = { x: 0, y: 0 }
    if (this.#wasPinch) return false
    const outcome = swipeOutcome(direction, moved, event.timeStamp - this.#startedAt)
    if (outcome) this.#options.onswipe(outcome)
    const isTap = Math.hypot(moved.x, moved.y) < TAP_PX
    if (isTap && event.pointerType !== 'mouse') this.#tap(held.at, event.timeStamp)
    return isTap
  }

  pointercancel(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId)
    if (this.#pointers.size > 0) return
    this.isHeld = false
    this.drag = { x: 0, y: 0 }
  }

  dblclick(event: MouseEvent): void {
    if (!isControl(event.target) && !isVideo(event.target) && !isTouch(event)) this.toggle(this.#pointOf(event))
  }

  #begin(at: number): void {
    this.isHeld = true
    this.#startedAt = at
    this.#direction = null
    this.#zoomBefore = this.zoom
    for (const held of this.#pointers.values()) held.from = held.at
  }

  #follow(moved: Point): void {
    this.#direction ??= directionOf(moved)
    if (!this.#options.follows || !this.#direction) return
    this.drag = this.#direction === 'sideways' ? { x: moved.x, y: 0 } : { x: 0, y: Math.max(0, moved.y) }
  }

  #tap(point: Point, at: number): void {
    const last = this.#lastTap
    const isDouble =
      last !== null &&
      at - last.at < DOUBLE_TAP_MS &&
      Math.hypot(point.x - last.point.x, point.y - last.point.y) < DOUBLE_TAP_PX
    this.#lastTap = isDouble ? null : { at, point }
    if (isDouble) this.toggle(point)
  }

  #set(zoom: Zoom): void {
    const fitted = this.#options.fitted()
    this.zoom = fitted ? withinBounds(zoom, fitted, this.#options.stage()) : wholePicture
  }

  /** From the middle of the stage. */
  #pointOf({ clientX, clientY, currentTarget }: MouseEvent): Point {
    const box = (currentTarget as Element).getBoundingClientRect()
    return { x: clientX - box.left - box.width / 2, y: clientY - box.top - box.height / 2 }
  }
}

const isControl = (target: EventTarget | null) => target instanceof Element && target.closest('button, a, audio')

const isVideo = (target: EventTarget | null) => target instanceof HTMLVideoElement

/** The browser's own bar with the time and the volume. */
const VIDEO_BAR_PX = 72

/** A finger on a video swipes, except on its bar and over the whole screen. A mouse presses what the browser shows over it. */
function isOfVideo({ target, pointerType, clientY }: PointerEvent): boolean {
  if (!(target instanceof HTMLVideoElement)) return false
  if (pointerType === 'mouse' || document.fullscreenElement) return true
  return clientY > target.getBoundingClientRect().bottom - VIDEO_BAR_PX
}

/** Chromium says what a click was made with; two taps have zoomed already. */
const isTouch = (event: MouseEvent) => (event as PointerEvent).pointerType === 'touch'
