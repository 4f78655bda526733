import type { MeetingId, UserId } from '@veche/shared/ids'
import { meetingLimits } from '@veche/shared/meeting-limits'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { endEmptyMeeting } from './meeting-end.ts'
import { changeSeats, type SeatChange } from './seats/seat-changes.ts'
import { liveMeeting, takenSeat } from './states.ts'

const { awaySeconds, seatMinutes, emptySeconds, awaitMinutes } = meetingLimits

/**
 * Does what is due by time: seats on a dead node are away, a seat that was away for ten minutes is left, and an empty meeting ends.
 * While a node is only silent, its seats do not change: their call may go on there.
 */
export async function sweepMeetings(deps: Deps, signal?: AbortSignal): Promise<void> {
  for (const { meetingId, people } of await findDueSeats(deps)) {
    signal?.throwIfAborted()
    await changeSeats(deps, meetingId, people, (tx) => changesStillDue(tx, meetingId)).catch(logFailure(deps))
  }
  for (const { id } of await findEmptyMeetings(deps)) {
    signal?.throwIfAborted()
    await endEmptyMeeting(deps, id, emptySeconds * 1000).catch(logFailure(deps))
  }
}

/** No node that lives could know better: the meeting has none, or its node is dead or has another boot. */
const hasNoNode = sql`not exists (select from sfu_nodes n where n.id = m.node_id and n.boot_id = m.node_boot
  and n.boot_id is distinct from n.dead_boot)`
/** The node sends heartbeats, so it would have reported the seat if its person were there. */
const nodeSpeaks = sql`exists (select from sfu_nodes n where n.id = m.node_id and n.boot_id = m.node_boot
  and n.heartbeat_at > veche_now() - interval '3 seconds')`

/** Each heartbeat of a node is a sign of life of the seats on it. */
const lastSeen = sql`greatest(s.seen_at, (select n.heartbeat_at from sfu_nodes n where n.id = m.node_id and n.boot_id = m.node_boot))`

const nextState = sql<SeatChange['state'] | null>`case
  when s.state = 'away' and s.seen_at < veche_now() - ${sql.lit(seatMinutes)} * interval '1 minute'
    and (${hasNoNode} or ${nodeSpeaks}) then 'left'
  when s.state = 'in' and ${lastSeen} < veche_now() - ${sql.lit(awaySeconds)} * interval '1 second' and ${hasNoNode} then 'away' end`

type DueSeats = { meetingId: MeetingId; people: UserId[] }

async function findDueSeats(deps: Deps): Promise<DueSeats[]> {
  const { rows } = await sql<DueSeats>`
    select meeting_id as "meetingId", array_agg(user_id) as people from (${dueSeats(sql`true`)}) due
    group by meeting_id limit 200`.execute(deps.db)
  return rows
}

async function changesStillDue(tx: Tx<Deps>, meetingId: MeetingId): Promise<SeatChange[]> {
  const { rows } = await sql<SeatChange>`
    select id as seat, user_id as "userId", state from (${dueSeats(sql`s.meeting_id = ${meetingId}`)}) due`.execute(
    tx.db,
  )
  return rows
}

function dueSeats(where: RawBuilder<unknown>) {
  return sql`select * from (
    select s.id, s.meeting_id, s.user_id, ${nextState} as state from seats s join meetings m on m.id = s.meeting_id
    where ${takenSeat('s')} and ${where}) candidates where state is not null`
}

/** How long a meeting may be empty. One that began with a link waits longer for the first person to come. */
const mayBeEmptyFor = sql`case
  when open_to = 'everyone' and not exists (select from attendances a where a.meeting_id = meetings.id)
  then ${sql.lit(awaitMinutes)} * interval '1 minute' else ${sql.lit(emptySeconds)} * interval '1 second' end`

function findEmptyMeetings({ db }: Deps) {
  return db
    .selectFrom('meetings')
    .select('id')
    .where(liveMeeting())
    .where('empty_since', '<=', sql<Date>`veche_now() - ${mayBeEmptyFor}`)
    .limit(200)
    .execute()
}

function logFailure(deps: Deps) {
  return (error: unknown) => deps.log.debug({ err: error }, 'a meeting could not be swept; the next round tries again')
}
