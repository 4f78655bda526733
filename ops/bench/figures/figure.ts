import { median } from './quantile.ts'

/** A measured figure with its values and its aim. */
export type Figure = {
  name: string
  unit: string
  values: number[]
  aim?: { most: number } | { least: number }
}

export function meetsAim({ values, aim }: Figure): boolean | null {
  if (!aim) return null
  return 'most' in aim ? median(values) <= aim.most : median(values) >= aim.least
}

/** Prints each figure on a line: name, median, spread and aim. */
export function table(figures: Figure[]): string {
  const rows = figures.map((figure) => {
    const { name, unit, values, aim } = figure
    const [low, high] = [Math.min(...values), Math.max(...values)]
    const spread = values.length > 1 ? `${shown(low)} to ${shown(high)}, ${values.length} rounds` : 'once'
    const wanted = aim ? ('most' in aim ? `at most ${shown(aim.most)}` : `at least ${shown(aim.least)}`) : ''
    const met = { true: 'met', false: 'missed', null: '' }[`${meetsAim(figure)}`]
    return [name, `${shown(median(values))} ${unit}`, spread, wanted, met]
  })
  return aligned([['What', 'Median', 'Spread', 'Aim', ''], ...rows])
}

/** Lines of text in columns. */
export function aligned(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function shown(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}
