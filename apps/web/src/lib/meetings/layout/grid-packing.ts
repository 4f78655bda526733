export type Size = { width: number; height: number }
type Grid = { columns: number; rows: number; tile: Size }
export type GridPacking = Grid & { perPage: number; pages: number }

const WIDEST_RATIO = 16 / 9
/** In a tall window pictures are cropped at their sides, as half of the window would stay empty otherwise. */
const TALLEST_RATIO = 4 / 5

/** The largest tiles of one size that fill a space without scrolling; tiles too small to recognise a face are put on further pages. */
export function packTiles(count: number, space: Size, gap: number, maxPerPage: number): GridPacking {
  const minWidth = Math.min(space.width, space.width < 600 ? 150 : 190)
  const maxColumns = Math.max(1, Math.floor((space.width + gap) / (minWidth + gap)))
  const maxRows = Math.max(1, Math.floor((space.height + gap) / (minWidth / WIDEST_RATIO + gap)))
  const perPage = Math.max(1, Math.min(count, maxPerPage, maxColumns * maxRows))
  const grid = largestGrid(perPage, maxColumns, space, gap)
  return { ...grid, perPage, pages: Math.max(1, Math.ceil(count / perPage)) }
}

function largestGrid(count: number, maxColumns: number, space: Size, gap: number): Grid {
  let largest = gridOf(count, 1, space, gap)
  for (let columns = 2; columns <= Math.min(count, maxColumns); columns++) {
    const next = gridOf(count, columns, space, gap)
    if (area(next.tile) > area(largest.tile) * 1.001) largest = next
  }
  return largest
}

function gridOf(count: number, columns: number, space: Size, gap: number): Grid {
  const rows = Math.ceil(count / columns)
  const width = Math.max(0, (space.width - gap * (columns - 1)) / columns)
  const height = Math.max(0, (space.height - gap * (rows - 1)) / rows)
  return { columns, rows, tile: fitTile({ width, height }, space.height > space.width ? TALLEST_RATIO : WIDEST_RATIO) }
}

/** The largest tile within a cell that is no wider than 16:9 and no taller than `tallestRatio`. */
function fitTile(cell: Size, tallestRatio: number): Size {
  const width = Math.min(cell.width, cell.height * WIDEST_RATIO)
  return { width: Math.floor(width), height: Math.floor(Math.min(cell.height, width / tallestRatio)) }
}

function area({ width, height }: Size): number {
  return width * height
}
