import { SvelteMap } from 'svelte/reactivity'
import type { ShownFile } from '../shown/shown-files.ts'
import { fit, maxScale, type PictureSize, type Point } from './zoom.ts'

/** The bars above and below cover nothing of a whole picture. */
const BAR_PX = 64
/** The upper part of the lower bar, which holds nothing. */
const FADE_PX = 32

/** How large the stage is, and each file upon it. */
export class StageSizes {
  width = $state(0)
  height = $state(0)
  footerHeight = $state(0)
  readonly stage: PictureSize = $derived({ width: this.width, height: this.height })
  /** Of pictures whose size no preview has told. */
  readonly #loaded = new SvelteMap<string, PictureSize>()

  noteLoaded(key: string, size: PictureSize): void {
    this.#loaded.set(key, size)
  }

  /** As it is shown whole. */
  fittedOf(file: ShownFile): PictureSize {
    // Words over a picture leave it visible; over a video they would lie on its bar.
    const barPx = file.isVideo ? Math.max(BAR_PX, this.footerHeight - FADE_PX) : BAR_PX
    return fit(this.#sizeOf(file), { width: this.width, height: Math.max(0, this.height - 2 * barPx) })
  }

  maxScaleOf(file: ShownFile): number {
    return maxScale(this.#sizeOf(file), this.fittedOf(file))
  }

  /** Whether a point of the window lies beside the file that is shown whole. */
  isBeside({ x, y }: Point, file: ShownFile): boolean {
    const { width, height } = this.fittedOf(file)
    return Math.abs(x - this.width / 2) > width / 2 || Math.abs(y - this.height / 2) > height / 2
  }

  #sizeOf({ key, width, height }: ShownFile): PictureSize {
    return width && height ? { width, height } : (this.#loaded.get(key) ?? this.stage)
  }
}
