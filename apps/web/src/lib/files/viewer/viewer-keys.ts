import type { StageGestures } from './StageGestures.svelte.ts'
import type { ViewedFiles } from './ViewedFiles.svelte.ts'
import { ZOOM_STEP } from './zoom.ts'

const PAN_PX = 80

/** What a key does in the viewer. */
export function viewerKeys(gestures: StageGestures, files: ViewedFiles): (event: KeyboardEvent) => void {
  const keys: Record<string, () => void> = {
    ArrowLeft: () => void (gestures.pan({ x: PAN_PX, y: 0 }) || files.move(-1)),
    ArrowRight: () => void (gestures.pan({ x: -PAN_PX, y: 0 }) || files.move(1)),
    ArrowUp: () => void gestures.pan({ x: 0, y: PAN_PX }),
    ArrowDown: () => void gestures.pan({ x: 0, y: -PAN_PX }),
    Home: () => files.moveTo(0),
    End: () => files.moveTo(-1),
    Equal: () => gestures.zoomBy(ZOOM_STEP),
    NumpadAdd: () => gestures.zoomBy(ZOOM_STEP),
    Minus: () => gestures.zoomBy(1 / ZOOM_STEP),
    NumpadSubtract: () => gestures.zoomBy(1 / ZOOM_STEP),
    Digit0: () => gestures.reset(),
    Numpad0: () => gestures.reset(),
  }
  return (event) => {
    const act = keys[event.code]
    // A video has its own keys, and with these the browser zooms the page.
    if (!act || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLMediaElement) return
    event.preventDefault()
    act()
  }
}
