import type { Source } from '@veche/shared/meetings'

/** A picture that is shown larger than this many times its layer's height gets the next layer. */
const slack = 1.25
/** What browsers send of a camera, the full one last; a share is stills and full. */
const fullHeight = 720

export type Size = { width: number; height: number }

/** Which of the layers that are sent a tile of this size needs. */
export function layerFor(source: Source, count: number, { width, height }: Size): number {
  if (source === 'screen') return height > 270 || width > 480 ? count - 1 : 0
  const needed = Math.max(height, (width * 9) / 16) / slack
  for (let layer = 0; layer < count - 1; layer += 1) if (needed <= fullHeight / 2 ** (count - 1 - layer)) return layer
  return count - 1
}

/** What comes first when there is not enough for all: the shared screen, then cameras by their size. Sound is not ranked, it is always sent. */
export function priorityOf(source: Source, { height }: Size): number {
  if (source === 'screen') return 255
  return Math.min(200, 1 + Math.round(height / 8))
}
