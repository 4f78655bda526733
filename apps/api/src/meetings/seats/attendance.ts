import type { MeetingId, SeatId } from '@veche/shared/ids'
import type { Attendance } from '@veche/shared/meetings'
import type { OneMeeting } from '@veche/shared/schemas/meetings'
import { sql } from 'kysely'
import type { Ctx, Tx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { iso, isoOrNull } from '../../platform/clock.ts'
import { openMeeting } from '../access.ts'

const maxAttendances = 1_000

/** Who was in the meeting, and from when to when. When there are very many attendances, only the newest are answered. */
export async function attendance(ctx: Ctx, { meetingId }: OneMeeting): Promise<Attendance> {
  await openMeeting(ctx, meetingId, 'attendance')
  const rows = await ctx.db
    .selectFrom('attendances')
    .select(['user_id', 'seat_id', 'came_at', 'went_at'])
    .where('meeting_id', '=', meetingId)
    .orderBy('came_at', 'desc')
    .orderBy('seat_id')
    .limit(maxAttendances)
    .execute()
  return rows.reverse().map((row) => ({
    userId: row.user_id,
    seatId: row.seat_id,
    cameAt: iso(row.came_at),
    wentAt: isoOrNull(row.went_at),
  }))
}

/** When somebody first came to a meeting that somebody has come to. */
export async function firstArrival(tx: Tx, meetingId: MeetingId): Promise<string> {
  const { first } = await tx.db
    .selectFrom('attendances')
    .select(({ fn }) => fn.min('came_at').as('first'))
    .where('meeting_id', '=', meetingId)
    .executeTakeFirstOrThrow()
  return iso(first)
}

/** Begins an attendance, unless one of this seat is still going on. The meeting is locked. */
export async function noteArrivalUnderLock(tx: Tx<Deps>, meetingId: MeetingId, seatId: SeatId): Promise<void> {
  await sql`insert into attendances (meeting_id, seat_id, user_id)
    select s.meeting_id, s.id, s.user_id from seats s
    where s.id = ${seatId} and s.meeting_id = ${meetingId}
      and not exists (select from attendances a where a.seat_id = s.id and a.went_at is null)`.execute(tx.db)
}

/**
 * Ends the attendances of these seats. That of a seat that was away ends when the seat was last seen, so this runs before the states of
 * the seats change. The meeting is locked.
 */
export async function noteDeparturesUnderLock(tx: Tx<Deps>, seatIds: SeatId[]): Promise<void> {
  await sql`update attendances a
    set went_at = greatest(a.came_at, case s.state when 'away' then s.seen_at else veche_now() end)
    from seats s where s.id = a.seat_id and a.went_at is null and s.id = any(${seatIds}::uuid[])`.execute(tx.db)
}
