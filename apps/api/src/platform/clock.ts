import { type RawBuilder, sql } from 'kysely'

/** The time in JavaScript; statements use `veche_now()`. Tests move both. */
export type Clock = { now(): number }

export const systemClock: Clock = { now: () => Date.now() }

export function iso(at: Date | string): string {
  return new Date(at).toISOString()
}

export function isoOrNull(at: Date | string | null): string | null {
  return at === null ? null : iso(at)
}

/** The time in SQL, as a part of a statement. */
export const sqlNow = sql<Date>`veche_now()`

/** Whether the moment in this column is more days ago; 0 days are for ever. */
export function isOlderThan(column: string, days: number): RawBuilder<boolean> {
  if (days === 0) return sql<boolean>`false`
  return sql<boolean>`${sql.ref(column)} < veche_now() - ${days}::float8 * interval '1 day'`
}

export function sqlIn(ms: number) {
  return sql<Date>`veche_now() + ${ms}::float8 * interval '1 millisecond'`
}
