import type { MenuPosition } from './position.ts'

const LONG_PRESS_MS = 500
/** A finger that moves farther than this scrolls. */
const MAX_MOVE_PX = 10

/**
 * Attaches a context menu to an element: `open` is called for a right click, for the menu key, and for a long press on a touch
 * screen, for which Safari on a phone sends no event. Where it is not wanted, the menu of the browser opens.
 */
export function contextMenu(
  open: (position: MenuPosition) => void,
  isWanted: (event: Event) => boolean = () => true,
): (element: HTMLElement) => () => void {
  return (element) => {
    const stop = new AbortController()
    const press = new LongPress(open)
    const on = <Name extends keyof HTMLElementEventMap>(
      name: Name,
      listener: (event: HTMLElementEventMap[Name]) => void,
      capture = false,
    ) => element.addEventListener(name, listener, { signal: stop.signal, capture })
    on('contextmenu', (event) => {
      if (!isWanted(event)) return
      event.preventDefault()
      if (press.wasLong) return
      press.end()
      const isKey = event.clientX === 0 && event.clientY === 0
      open(isKey ? element.getBoundingClientRect() : { x: event.clientX, y: event.clientY })
    })
    on('pointerdown', (event) => event.pointerType === 'touch' && event.isPrimary && press.begin(event))
    on('pointermove', (event) => press.move(event))
    for (const name of ['pointerup', 'pointercancel'] as const) on(name, () => press.end())
    // The release of a long press is no click on what is below the finger.
    on('click', (event) => press.wasLong && event.preventDefault(), true)
    return () => {
      press.end()
      stop.abort()
    }
  }
}

type Point = { clientX: number; clientY: number }

class LongPress {
  /** The press that goes on, or was the last one, has opened the menu. */
  wasLong = false
  readonly #open: (position: MenuPosition) => void
  #start: Point | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(open: (position: MenuPosition) => void) {
    this.#open = open
  }

  begin({ clientX, clientY }: Point): void {
    this.end()
    this.wasLong = false
    this.#start = { clientX, clientY }
    this.#timer = setTimeout(() => {
      this.wasLong = true
      this.#open({ x: clientX, y: clientY })
    }, LONG_PRESS_MS)
  }

  move({ clientX, clientY }: Point): void {
    const start = this.#start
    if (start && Math.hypot(clientX - start.clientX, clientY - start.clientY) > MAX_MOVE_PX) this.end()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#start = null
  }
}
