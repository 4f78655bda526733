import type { MeetingId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { endEmpty } from './ending.ts'
import { changeSeats, type SeatChange } from './seats.ts'

const { awaySeconds, seatMinutes, emptySeconds, awaitMinutes } = limits.meeting

/**
 * What time does to meetings: whose node died is away, who was away for ten minutes has left, and where nobody is any more it ends.
 * While a node is only silent nothing happens to those on it: it may be keeping their call.
 */
export async function sweepMeetings(deps: Deps): Promise<void> {
  for (const { meetingId, people } of await dueSeats(deps))
    await changeSeats(deps, meetingId, people, (tx) => dueNow(tx, meetingId)).catch(later(deps))
  for (const { id } of await emptyMeetings(deps)) await endEmpty(deps, id, emptySeconds * 1000).catch(later(deps))
}

/** There is no node any more that could know better. */
const orphaned = sql`not exists (select from sfu_nodes n where n.id = m.node_id and n.boot_id = m.node_boot
  and n.boot_id is distinct from n.dead_boot)`
/** Its node speaks, and has said nothing else of them. */
const heard = sql`exists (select from sfu_nodes n where n.id = m.node_id and n.boot_id = m.node_boot
  and n.heartbeat_at > veche_now() - interval '3 seconds')`

/** With each heartbeat a node has named those who are there. */
const lastSeen = sql`greatest(s.seen_at, (select n.heartbeat_at from sfu_nodes n where n.id = m.node_id and n.boot_id = m.node_boot))`

const becomes = sql<SeatChange['state'] | null>`case
  when s.state = 'away' and s.seen_at < veche_now() - ${sql.lit(seatMinutes)} * interval '1 minute'
    and (${orphaned} or ${heard}) then 'left'
  when s.state = 'in' and ${lastSeen} < veche_now() - ${sql.lit(awaySeconds)} * interval '1 second' and ${orphaned} then 'away' end`

type DueSeats = { meetingId: MeetingId; people: UserId[] }

async function dueSeats(deps: Deps): Promise<DueSeats[]> {
  const { rows } = await sql<DueSeats>`
    select meeting_id as "meetingId", array_agg(user_id) as people from (${seatsDue(sql`true`)}) due
    group by meeting_id limit 200`.execute(deps.db)
  return rows
}

async function dueNow(tx: Tx<Deps>, meetingId: MeetingId): Promise<SeatChange[]> {
  const { rows } = await sql<SeatChange>`
    select id as seat, user_id as "userId", state from (${seatsDue(sql`s.meeting_id = ${meetingId}`)}) due`.execute(
    tx.db,
  )
  return rows
}

function seatsDue(where: RawBuilder<unknown>) {
  return sql`select * from (
    select s.id, s.meeting_id, s.user_id, ${becomes} as state from seats s join meetings m on m.id = s.meeting_id
    where s.state in ('in', 'away') and ${where}) judged where state is not null`
}

/** So long nobody needs to be in it. */
const patience = sql`case
  when open_to = 'everyone' and not exists (select from attendances a where a.meeting_id = meetings.id)
  then ${sql.lit(awaitMinutes)} * interval '1 minute' else ${sql.lit(emptySeconds)} * interval '1 second' end`

function emptyMeetings({ db }: Deps) {
  return db
    .selectFrom('meetings')
    .select('id')
    .where('state', '=', 'live')
    .where('empty_since', '<=', sql<Date>`veche_now() - ${patience}`)
    .limit(200)
    .execute()
}

function later(deps: Deps) {
  return (error: unknown) => deps.log.debug({ err: error }, 'a meeting could not be swept; the next round comes')
}
