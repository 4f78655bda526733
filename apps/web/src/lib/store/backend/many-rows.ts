import type { ReadTransaction } from './backend.ts'
import { tableKeys, type TableName, type Tables } from '../tables.ts'

/** Fewer rows are read one by one. */
const FEW = 8

/**
 * The rows with these keys. If most of what lies between the first and the last key is wanted, or nothing is there, one read brings it:
 * a read for each row costs ten times as much.
 */
export async function readMany<T extends TableName>(
  tx: ReadTransaction<NoInfer<T>>,
  table: T,
  keys: readonly string[],
): Promise<Map<string, Tables[T]>> {
  const { get, after } = tx as ReadTransaction
  const found = new Map<string, Tables[T]>()
  const [first, last] = keys.length > FEW ? bounds(keys) : ['', '']
  if (last !== '') {
    const count = 2 * keys.length
    // What is before the first key: the range begins behind its lower bound.
    const rows = await after.call(tx, table, first.slice(0, -1), { to: last, count })
    if (rows.length < count) {
      const wanted = new Set(keys)
      for (const row of rows) {
        const key = String(Reflect.get(row, tableKeys[table]))
        if (wanted.has(key)) found.set(key, row as Tables[T])
      }
      return found
    }
  }
  const rows = await Promise.all(keys.map((key) => get.call(tx, table, key)))
  for (const [index, key] of keys.entries()) if (rows[index]) found.set(key, rows[index] as Tables[T])
  return found
}

function bounds(keys: readonly string[]): [first: string, last: string] {
  return [
    keys.reduce((one, other) => (one < other ? one : other)),
    keys.reduce((one, other) => (one > other ? one : other)),
  ]
}
