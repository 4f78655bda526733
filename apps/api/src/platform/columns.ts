/** Columns with the name of their table, for statements of several tables. */
export function columnsOf<Table extends string, Column extends string>(table: Table, columns: readonly Column[]) {
  return columns.map((column) => `${table}.${column}` as const)
}
