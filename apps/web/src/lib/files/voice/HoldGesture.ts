/** A shorter press is a tap. */
const TAP_MS = 300
/** A finger that taps does not stay where it is to the pixel. */
const TAP_PX = 24
/** Less than this is no message: the finger meant something else. */
const MIN_SENT_MS = 1_000
const CANCEL_PX = 110
const LOCK_PX = 70

/** short: too little was recorded while it was held. */
export type HoldOutcome = 'send' | 'lock' | 'cancel' | 'short'
type Point = { x: number; y: number }

/** A finger that holds the button: releasing it sends, sliding to the side cancels, sliding up locks. A tap locks at once. */
export class HoldGesture {
  readonly #from: Point
  readonly #at: number
  #isMoved = false
  /** How far the finger has come on its way to the side and up: 0 to 1. */
  toCancel = 0
  toLock = 0

  constructor(from: Point, at: number) {
    this.#from = from
    this.#at = at
  }

  /** `toward`: -1 where one cancels to the left, 1 in a language that is written from the right. */
  move({ x, y }: Point, toward: 1 | -1 = -1): HoldOutcome | null {
    const side = Math.max(0, (x - this.#from.x) * toward)
    const up = Math.max(0, this.#from.y - y)
    this.#isMoved ||= Math.hypot(x - this.#from.x, y - this.#from.y) > TAP_PX
    // The way that the finger goes further is the one that is meant.
    this.toCancel = side >= up ? Math.min(1, side / CANCEL_PX) : 0
    this.toLock = up > side ? Math.min(1, up / LOCK_PX) : 0
    if (this.toCancel === 1) return 'cancel'
    return this.toLock === 1 ? 'lock' : null
  }

  release(now: number, recordedMs: number): HoldOutcome {
    if (now - this.#at < TAP_MS && !this.#isMoved) return 'lock'
    return recordedMs >= MIN_SENT_MS ? 'send' : 'short'
  }
}
