import { type RawBuilder, sql } from 'kysely'

/** A taken seat: its person is in the meeting, or away from it for less than ten minutes. The literals match the partial indexes. */
export function takenSeat(alias: 's' | 'seats' = 'seats'): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${alias}.state`)} in ('in', 'away')`
}

/** The same for a row that was read. */
export function isTaken<Seat extends { state: string }>(seat: Seat | null): seat is Seat {
  return seat?.state === 'in' || seat?.state === 'away'
}

/** A live meeting: it has begun and not ended. */
export function liveMeeting(alias: 'm' | 'meetings' = 'meetings'): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${alias}.state`)} = 'live'`
}
