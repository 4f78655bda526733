import type { MeetingId, SeatId, UserId } from '@veche/shared/ids'
import { meetingLimits } from '@veche/shared/meeting-limits'
import type { Heartbeat, MeetingUpdate, SeatUpdate } from '@veche/shared/nodes'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { liveMeeting, takenSeat } from '../states.ts'
import { relevantSeat, seatUpdate } from './node-updates.ts'
import { changeSeats, type SeatChange } from './seat-changes.ts'

type Difference = { seat: SeatId; userId: UserId; epoch: number; state: 'in' | 'away' }
type ComparedMeeting = {
  id: MeetingId
  epoch: number
  state: 'live' | 'ended'
  rev: number
  /** The meeting is placed on this boot of this node. */
  isHere: boolean
  /** The node reports the present epoch of the placement, not an earlier one. */
  isSameEpoch: boolean
  /** The heartbeat names the meeting. */
  isReported: boolean
  /** Seats that the node must be told of. */
  updates: SeatUpdate[]
  /** Seats whose state differs from what the node reports. */
  differences: Difference[]
  /** Seats whose `seen_at` has to be written again. */
  seen: SeatId[]
}

/** `seen_at` is written again when the stored one is older than this. */
const seenEvery = sql`interval '10 seconds'`
const awayAfter = sql`${sql.lit(meetingLimits.awaySeconds)} * interval '1 second'`

/**
 * Compares what a heartbeat reports of meetings with Postgres. Seats that came or fell silent are written; the answer holds what
 * the node does not know yet. When nothing differs, it costs one statement.
 */
export async function reconcileMeetings(deps: Deps, beat: Heartbeat): Promise<MeetingUpdate[]> {
  const { rows: compared } = await comparisonOf(beat).execute(deps.db)
  const seen = compared.flatMap((meeting) => meeting.seen)
  if (seen.length > 0) await noteSeen(deps, seen)
  for (const meeting of compared)
    if (meeting.differences.length > 0)
      await writeDifferences(deps, beat, meeting).catch((error: unknown) =>
        deps.log.debug({ err: error }, 'reported seats could not be written; the next heartbeat finds them again'),
      )
  const known = new Set(compared.map(({ id }) => id))
  const unknown = beat.meetings.filter(({ meeting }) => !known.has(meeting))
  return [...compared.filter(needsUpdate).map(toMeetingUpdate), ...unknown.map(toUnknownMeetingUpdate)]
}

function needsUpdate({ isReported, isHere, isSameEpoch, state, updates }: ComparedMeeting): boolean {
  return isReported && (!isHere || !isSameEpoch || state === 'ended' || updates.length > 0)
}

function toMeetingUpdate({ id, epoch, state, rev, isHere, updates }: ComparedMeeting): MeetingUpdate {
  if (state === 'ended') return { meeting: id, epoch, state, rev, seats: [] }
  if (!isHere) return { meeting: id, epoch, state: 'moved', rev, seats: [] }
  return { meeting: id, epoch, state, rev, seats: updates }
}

/** A database that was restored from a backup does not know a meeting that began after it. */
function toUnknownMeetingUpdate({ meeting, epoch }: Heartbeat['meetings'][number]): MeetingUpdate {
  return { meeting, epoch, state: 'ended', rev: 0, seats: [] }
}

/**
 * One statement, so that everything is read from one snapshot and each seat once. A seat is compared only when the node reports its
 * present epoch: a person who has just taken it is still on the way to the node, and gets a few seconds.
 */
export function comparisonOf(beat: Heartbeat): RawBuilder<ComparedMeeting> {
  const { node, boot, meetings } = beat
  const seats = meetings.flatMap((meeting) => meeting.seats)
  return sql<ComparedMeeting>`
    with reported as (
        select * from unnest(${meetings.map((m) => m.meeting)}::uuid[], ${meetings.map((m) => m.epoch)}::int[],
          ${meetings.map((m) => m.rev)}::bigint[]) r (meeting, epoch, rev)),
      reported_seats as (
        select * from unnest(${seats.map((s) => s.seat)}::uuid[], ${seats.map((s) => s.epoch)}::int[],
          ${seats.map((s) => s.state)}::text[]) x (seat, epoch, state)),
      concerned as (
        select meeting as id from reported
        union select id from meetings where node_id = ${node} and node_boot = ${boot} and ${liveMeeting()}),
      compared as (
        select m.id, m.epoch, m.state, sc.rev, r.meeting is not null as is_reported,
          case when r.epoch = m.epoch then r.rev else 0 end as applied_rev, r.epoch is null or r.epoch = m.epoch as is_same_epoch,
          coalesce(${isPlacedOn(beat)}, false) as is_here
        from concerned join meetings m on m.id = concerned.id join scopes sc on sc.id = m.id
          left join reported r on r.meeting = m.id),
      compared_seats as (
        select c.id, json_agg(${seatUpdate}) filter (where ${isNews}) as updates,
          json_agg(${difference}) filter (where ${differs}) as differences, json_agg(s.id) filter (where ${isSeen}) as seen
        from compared c join seats s on s.meeting_id = c.id left join reported_seats r on r.seat = s.id group by c.id)
    select c.id, c.epoch, c.state, c.rev, c.is_reported as "isReported", c.is_here as "isHere", c.is_same_epoch as "isSameEpoch",
      coalesce(cs.updates, '[]') as updates, coalesce(cs.differences, '[]') as differences, coalesce(cs.seen, '[]') as seen
    from compared c left join compared_seats cs on cs.id = c.id`
}

/** Meeting `m` is placed on this boot of the node, and no later boot has replaced it. */
function isPlacedOn({ node, boot }: Heartbeat): RawBuilder<boolean> {
  return sql`${liveMeeting('m')} and m.node_id = ${node} and m.node_boot = ${boot}
    and not exists (select from sfu_nodes n where n.id = m.node_id and m.node_boot = any(n.past_boots))`
}

/** Seats that are newer than what the node has applied; and, whatever it has applied, peers that have no right to be there. */
const isNews = sql`c.is_reported
  and (s.rev > c.applied_rev and ${relevantSeat} or r.epoch < s.epoch or r.seat is not null and s.state in ('left', 'removed'))`

const difference = sql`json_build_object('seat', s.id, 'userId', s.user_id, 'epoch', s.epoch,
  'state', case when r.epoch = s.epoch then r.state else 'away' end)`
const differs = sql`c.is_here and c.is_same_epoch and case when r.epoch = s.epoch
  then ${takenSeat('s')} and s.state <> r.state
  else s.state = 'in' and s.seen_at < veche_now() - ${awayAfter} end`

const isSeen = sql`c.is_here and c.is_same_epoch and ${takenSeat('s')} and r.epoch = s.epoch and r.state = 'in'
  and s.seen_at < veche_now() - ${seenEvery}`

/**
 * Writes when these seats were last seen. Clients are not told of it, so there is no revision and no lock of a scope, and a seat that
 * another transaction is writing is skipped. A person who is back is noted here before the new state is written, so that nothing
 * counts them as gone in between.
 */
async function noteSeen(deps: Deps, seats: SeatId[]): Promise<void> {
  await sql`update seats set seen_at = veche_now() where id in (
    select id from seats where id = any(${seats}::uuid[]) and ${takenSeat()}
    for no key update skip locked)`.execute(deps.db)
}

function writeDifferences(deps: Deps, beat: Heartbeat, meeting: ComparedMeeting): Promise<void> {
  const people = meeting.differences.map(({ userId }) => userId)
  return changeSeats(deps, meeting.id, people, (tx) => differencesStillTrue(tx, beat, meeting))
}

/** Skips seats that were taken again since the comparison, and meetings that have moved. */
async function differencesStillTrue(tx: Tx<Deps>, beat: Heartbeat, meeting: ComparedMeeting): Promise<SeatChange[]> {
  const { rows } = await sql<SeatChange & { epoch: number }>`
    select s.id as seat, s.user_id as "userId", s.state, s.epoch from seats s join meetings m on m.id = s.meeting_id
    where m.id = ${meeting.id} and m.epoch = ${meeting.epoch} and ${isPlacedOn(beat)} and ${takenSeat('s')}
      and s.id = any(${meeting.differences.map(({ seat }) => seat)}::uuid[])`.execute(tx.db)
  return rows.flatMap(({ seat, userId, state, epoch }) => {
    const reported = meeting.differences.find((each) => each.seat === seat && each.epoch === epoch)
    return reported && reported.state !== state ? [{ seat, userId, state: reported.state }] : []
  })
}
