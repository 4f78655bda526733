import { resample } from '../voice/waveform.ts'

const BAR_PX = 3
const GAP_PX = 2
export const WAVEFORM_HEIGHT_PX = 28

/**
 * A picture of the waveform as a mask: a bar for each part that fits into the width. One element with a mask is cheaper than fifty bars,
 * and its color is that of the theme.
 */
export function barsMask(levels: readonly number[], widthPx: number): string {
  const count = Math.max(1, Math.floor((widthPx + GAP_PX) / (BAR_PX + GAP_PX)))
  const parts = levels.length > 0 ? resample(levels, count) : Array<number>(count).fill(0)
  const bars = parts.map((level, index) =>
    bar(index * (BAR_PX + GAP_PX), BAR_PX + (WAVEFORM_HEIGHT_PX - BAR_PX) * (level / 255)),
  )
  const size = `width="${widthPx}" height="${WAVEFORM_HEIGHT_PX}"`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${bars.join('')}</svg>`
  return `url("data:image/svg+xml,${encodeURIComponent(svg)}")`
}

function bar(x: number, height: number): string {
  const y = ((WAVEFORM_HEIGHT_PX - height) / 2).toFixed(1)
  return `<rect x="${x}" y="${y}" width="${BAR_PX}" height="${height.toFixed(1)}" rx="${BAR_PX / 2}"/>`
}
