import type { MeetingId, SeatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Heartbeat, MeetingOrder, SeatOrder } from '@veche/shared/nodes'
import { sql } from 'kysely'
import type { Tx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { changeSeats, type SeatChange } from '../seats.ts'
import { seatOrder, worthTelling } from './orders.ts'

type Difference = { seat: SeatId; userId: UserId; epoch: number; state: 'in' | 'away' }
type Compared = {
  id: MeetingId
  epoch: number
  state: 'live' | 'ended'
  rev: number
  /** It lives on this node now. */
  here: boolean
  /** The node speaks of the place that it has now, not of an earlier one. */
  same: boolean
  listed: boolean
  orders: SeatOrder[]
  differences: Difference[]
  seen: SeatId[]
}

/** So stale may the last sign of life be that is written down. */
const noted = sql`interval '10 seconds'`
const awayAfter = sql`${sql.lit(limits.meeting.awaySeconds)} * interval '1 second'`

/**
 * What a node says of its meetings, compared with what the database has: seats that came or went silent are written, and what the
 * node does not know yet is the answer. Where nothing differs it costs this one statement.
 */
export async function reconcile(deps: Deps, beat: Heartbeat): Promise<MeetingOrder[]> {
  const compared = await compare(deps, beat)
  const seen = compared.flatMap((meeting) => meeting.seen)
  if (seen.length > 0) await noteSeen(deps, seen)
  for (const { id, differences } of compared)
    if (differences.length > 0) await write(deps, id, differences).catch((error: unknown) => later(deps, error))
  const known = new Set(compared.map(({ id }) => id))
  return [
    ...compared.filter(isNews).map(order),
    ...beat.meetings
      .filter(({ meeting }) => !known.has(meeting))
      .map(({ meeting, epoch }) => unheardOf(meeting, epoch)),
  ]
}

function isNews({ listed, here, same, state, orders }: Compared): boolean {
  return listed && (!here || !same || state === 'ended' || orders.length > 0)
}

function order({ id, epoch, state, rev, here, orders }: Compared): MeetingOrder {
  if (state === 'ended') return { meeting: id, epoch, state, rev, seats: [] }
  return here
    ? { meeting: id, epoch, state, rev, seats: orders }
    : { meeting: id, epoch, state: 'moved', rev, seats: [] }
}

/** A database that was restored knows nothing of it. */
function unheardOf(meeting: MeetingId, epoch: number): MeetingOrder {
  return { meeting, epoch, state: 'ended', rev: 0, seats: [] }
}

/** One snapshot. A seat is compared by its epoch: whoever took it anew has not come yet, and is given a moment. */
async function compare(deps: Deps, { node, boot, meetings }: Heartbeat): Promise<Compared[]> {
  const seats = meetings.flatMap(({ meeting, seats }) => seats.map((seat) => ({ meeting, ...seat })))
  const { rows } = await sql<Compared>`
    with listed as (
        select * from unnest(${meetings.map((m) => m.meeting)}::uuid[], ${meetings.map((m) => m.epoch)}::int[],
          ${meetings.map((m) => m.rev)}::bigint[]) l (meeting, epoch, rev)),
      said as (
        select * from unnest(${seats.map((s) => s.seat)}::uuid[], ${seats.map((s) => s.epoch)}::int[],
          ${seats.map((s) => s.state)}::text[]) x (seat, epoch, state)),
      compared as (
        select m.id, m.epoch, m.state, sc.rev, l.meeting is not null as listed,
          case when l.epoch = m.epoch then l.rev else 0 end as applied, l.epoch is null or l.epoch = m.epoch as same,
          coalesce(m.state = 'live' and m.node_id = ${node} and m.node_boot = ${boot}, false) as here
        from meetings m join scopes sc on sc.id = m.id left join listed l on l.meeting = m.id
        where m.id in (select meeting from listed)
          or m.node_id = ${node} and m.node_boot = ${boot} and m.state = 'live')
    select c.id, c.epoch, c.state, c.rev, c.listed, c.here, c.same, ${ordersOf} as orders,
      ${differencesOf} as differences, ${seenOf} as seen
    from compared c`.execute(deps.db)
  return rows
}

const seatsOf = sql`from seats s left join said on said.seat = s.id where s.meeting_id = c.id`

/** What is newer than what the node has applied, and whoever sits there without a right to, whatever it has applied. */
const ordersOf = sql`(
  select coalesce(json_agg(${seatOrder}), '[]') ${seatsOf} and c.listed
    and (s.rev > c.applied and ${worthTelling} or said.epoch < s.epoch or said.seat is not null and s.state in ('left', 'removed')))`

const differencesOf = sql`(
  select coalesce(json_agg(json_build_object('seat', s.id, 'userId', s.user_id, 'epoch', s.epoch,
    'state', case when said.epoch = s.epoch then said.state else 'away' end)), '[]')
  ${seatsOf} and c.here and c.same and case when said.epoch = s.epoch
    then s.state in ('in', 'away') and s.state <> said.state
    else s.state = 'in' and s.seen_at < veche_now() - ${awayAfter} end)`

const seenOf = sql`(
  select coalesce(json_agg(s.id), '[]') ${seatsOf} and c.here and c.same
    and s.state = 'in' and said.epoch = s.epoch and said.state = 'in' and s.seen_at < veche_now() - ${noted})`

/** No news to anybody, so no revision. */
async function noteSeen(deps: Deps, seats: SeatId[]): Promise<void> {
  await sql`update seats set seen_at = veche_now() where id = any(${seats}::uuid[]) and state = 'in'`.execute(deps.db)
}

function write(deps: Deps, meetingId: MeetingId, differences: Difference[]): Promise<void> {
  const people = differences.map(({ userId }) => userId)
  return changeSeats(deps, meetingId, people, (tx) => stillTrue(tx, differences))
}

/** Whoever has sat down anew meanwhile is another story. */
async function stillTrue(tx: Tx<Deps>, differences: Difference[]): Promise<SeatChange[]> {
  const rows = await tx.db
    .selectFrom('seats')
    .select(['id', 'epoch', 'state', 'user_id'])
    .where(sql<boolean>`id = any(${differences.map(({ seat }) => seat)}::uuid[])`)
    .where('state', 'in', ['in', 'away'])
    .execute()
  return rows.flatMap((row) => {
    const found = differences.find(({ seat, epoch }) => seat === row.id && epoch === row.epoch)
    return found && found.state !== row.state ? [{ seat: row.id, userId: row.user_id, state: found.state }] : []
  })
}

/** The next heartbeat finds the same again. */
function later(deps: Deps, error: unknown): void {
  deps.log.debug({ err: error }, 'seats could not be written')
}
