import type { Source } from '@veche/shared/meetings'

/** A tile higher than this many times the layer's height gets the next layer. */
const maxUpscale = 1.25
/** The height of a camera's largest layer. A shared screen has two layers of full size: stills and moving pictures. */
const fullHeightPx = 720

export type Size = { width: number; height: number }

/** The layer, of `count` layers, that a tile of this size needs. */
export function layerFor(source: Source, count: number, { width, height }: Size): number {
  if (source === 'screen') return height > 270 || width > 480 ? count - 1 : 0
  const needed = Math.max(height, (width * 9) / 16) / maxUpscale
  for (let layer = 0; layer < count - 1; layer += 1) if (needed <= fullHeightPx / 2 ** (count - 1 - layer)) return layer
  return count - 1
}

/** What gets bandwidth first: the shared screen, then cameras by their size. Sound has no priority, because it is always sent. */
export function priorityOf(source: Source, { height }: Size): number {
  if (source === 'screen') return 255
  return Math.min(200, 1 + Math.round(height / 8))
}
