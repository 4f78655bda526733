/** Where a picture stands in an album of six columns, and what of it is seen. */
export type AlbumTile = {
  span: 2 | 3 | 6
  /** Its width by its height. */
  ratio: number
  /** It is shown whole: less than half of it would be left. */
  isWhole: boolean
}
type Sides = { width: number | null; height: number | null }

/** From as many on, a row has three. */
const SMALL_FROM = 5
const LEAD_RATIO = 2
/** More rows of their own would make the album higher than a screen. */
const MOST_PANORAMAS = 3
const MOST_RATIO = 4

/**
 * The rows of an album, all of them full: two in a row, or three of many. What is left over makes the first row larger. A panorama has a row of
 * its own.
 */
export function albumTiles(pictures: readonly Sides[]): AlbumTile[] {
  const ratios = pictures.map(ratioOf)
  const mayBeAlone = ratios.filter(isPanorama).length <= MOST_PANORAMAS
  const tiles: AlbumTile[] = []
  let run: number[] = []
  const endRun = () => {
    tiles.push(...rowsOf(run, pictures.length >= SMALL_FROM))
    run = []
  }
  for (const ratio of ratios) {
    if (mayBeAlone && isPanorama(ratio)) {
      endRun()
      tiles.push(tile(6, Math.max(Math.min(ratio, MOST_RATIO), ratio / 2), ratio))
    } else run.push(ratio)
  }
  endRun()
  return tiles
}

function rowsOf(ratios: number[], isSmall: boolean): AlbumTile[] {
  const leading = leadOf(ratios, isSmall)
  const isThree = (isSmall && ratios.length > 2) || (ratios.length === 3 && leading.length === 0)
  return ratios.map((ratio, at) => leading[at]?.(ratio) ?? tile(isThree ? 2 : 3, 1, ratio))
}

/** What stands in the rows before the regular ones. A lying picture can have a row of its own, two standing ones share it. */
function leadOf(ratios: number[], isSmall: boolean): ((ratio: number) => AlbumTile)[] {
  const count = ratios.length
  const isLying = (ratios[0] ?? 0) >= 1
  const whole = (ratio: number) => tile(6, LEAD_RATIO, ratio)
  const half = (ratio: number) => tile(3, 1, ratio)
  if (count === 1) return [whole]
  if (!isSmall || count < 4) return count === 3 && isLying ? [whole, half, half] : []
  if (count % 3 === 2) return [half, half]
  if (count % 3 === 0) return []
  return isLying ? [whole] : [half, half, half, half]
}

function tile(span: AlbumTile['span'], ratio: number, picture: number): AlbumTile {
  return { span, ratio, isWhole: Math.min(ratio / picture, picture / ratio) < 0.5 }
}

const ratioOf = ({ width, height }: Sides) => (width && height ? width / height : 1)
const isPanorama = (ratio: number) => ratio > 2
