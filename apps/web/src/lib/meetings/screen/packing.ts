export type Size = { width: number; height: number }
/** How tiles of one size fill a space: what does not fit comes on further pages. */
export type Packing = { columns: number; rows: number; tile: Size; perPage: number; pages: number }

const WIDEST = 16 / 9
/** A tall window crops pictures at their sides rather than leave half of itself empty. */
const TALL = 4 / 5

/** The largest tiles that `count` people can have in `space` without scrolling, and not so many that nobody is recognised. */
export function packed(count: number, space: Size, gap: number, most: number): Packing {
  const smallest = Math.min(space.width, space.width < 600 ? 150 : 190)
  const columns = Math.max(1, Math.floor((space.width + gap) / (smallest + gap)))
  const rows = Math.max(1, Math.floor((space.height + gap) / (smallest / WIDEST + gap)))
  const perPage = Math.max(1, Math.min(count, most, columns * rows))
  const best = bestColumns(perPage, columns, space, gap)
  return { ...best, perPage, pages: Math.max(1, Math.ceil(count / perPage)) }
}

function bestColumns(count: number, most: number, space: Size, gap: number): Omit<Packing, 'perPage' | 'pages'> {
  let best = fitted(count, 1, space, gap)
  for (let columns = 2; columns <= Math.min(count, most); columns++) {
    const next = fitted(count, columns, space, gap)
    if (area(next.tile) > area(best.tile) * 1.001) best = next
  }
  return best
}

function fitted(count: number, columns: number, space: Size, gap: number): Omit<Packing, 'perPage' | 'pages'> {
  const rows = Math.ceil(count / columns)
  const width = Math.max(0, (space.width - gap * (columns - 1)) / columns)
  const height = Math.max(0, (space.height - gap * (rows - 1)) / rows)
  return { columns, rows, tile: framed({ width, height }, space.height > space.width ? TALL : WIDEST) }
}

/** The largest picture within a cell that is no wider than 16:9 and no taller than `tallest`. */
function framed(cell: Size, tallest: number): Size {
  const width = Math.min(cell.width, cell.height * WIDEST)
  return { width: Math.floor(width), height: Math.floor(Math.min(cell.height, width / tallest)) }
}

function area({ width, height }: Size): number {
  return width * height
}
