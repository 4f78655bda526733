import type { MeetingId, SeatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Heartbeat, MeetingUpdate, SeatUpdate } from '@veche/shared/nodes'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { changeSeats, type SeatChange } from '../seats.ts'
import { seatUpdate, worthTelling } from './orders.ts'

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
  orders: SeatUpdate[]
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
export async function reconcile(deps: Deps, beat: Heartbeat): Promise<MeetingUpdate[]> {
  const compared = await compare(deps, beat)
  const seen = compared.flatMap((meeting) => meeting.seen)
  if (seen.length > 0) await noteSeen(deps, seen)
  for (const each of compared)
    if (each.differences.length > 0) await write(deps, beat, each).catch((error: unknown) => later(deps, error))
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

function order({ id, epoch, state, rev, here, orders }: Compared): MeetingUpdate {
  if (state === 'ended') return { meeting: id, epoch, state, rev, seats: [] }
  return here
    ? { meeting: id, epoch, state, rev, seats: orders }
    : { meeting: id, epoch, state: 'moved', rev, seats: [] }
}

/** A database that was restored knows nothing of it. */
function unheardOf(meeting: MeetingId, epoch: number): MeetingUpdate {
  return { meeting, epoch, state: 'ended', rev: 0, seats: [] }
}

async function compare(deps: Deps, beat: Heartbeat): Promise<Compared[]> {
  return (await comparing(beat).execute(deps.db)).rows
}

/**
 * One snapshot, and each seat is looked at once. A seat is compared by its epoch: whoever took it anew has not come yet, and is given
 * a moment.
 */
export function comparing(beat: Heartbeat): RawBuilder<Compared> {
  const { node, boot, meetings } = beat
  const seats = meetings.flatMap((meeting) => meeting.seats)
  return sql<Compared>`
    with listed as (
        select * from unnest(${meetings.map((m) => m.meeting)}::uuid[], ${meetings.map((m) => m.epoch)}::int[],
          ${meetings.map((m) => m.rev)}::bigint[]) l (meeting, epoch, rev)),
      said as (
        select * from unnest(${seats.map((s) => s.seat)}::uuid[], ${seats.map((s) => s.epoch)}::int[],
          ${seats.map((s) => s.state)}::text[]) x (seat, epoch, state)),
      these as (
        select meeting as id from listed
        union select id from meetings where node_id = ${node} and node_boot = ${boot} and state = 'live'),
      compared as (
        select m.id, m.epoch, m.state, sc.rev, l.meeting is not null as listed,
          case when l.epoch = m.epoch then l.rev else 0 end as applied, l.epoch is null or l.epoch = m.epoch as same,
          coalesce(${livesOn(beat)}, false) as here
        from these join meetings m on m.id = these.id join scopes sc on sc.id = m.id left join listed l on l.meeting = m.id),
      judged as (
        select c.id, json_agg(${seatUpdate}) filter (where ${isOrder}) as orders,
          json_agg(${difference}) filter (where ${differs}) as differences, json_agg(s.id) filter (where ${isSeen}) as seen
        from compared c join seats s on s.meeting_id = c.id left join said on said.seat = s.id group by c.id)
    select c.id, c.epoch, c.state, c.rev, c.listed, c.here, c.same, coalesce(j.orders, '[]') as orders,
      coalesce(j.differences, '[]') as differences, coalesce(j.seen, '[]') as seen
    from compared c left join judged j on j.id = c.id`
}

/** That meeting `m` is held by this life of the node, and that this life is not over. */
function livesOn({ node, boot }: Heartbeat): RawBuilder<boolean> {
  return sql`m.state = 'live' and m.node_id = ${node} and m.node_boot = ${boot}
    and not exists (select from sfu_nodes n where n.id = m.node_id and m.node_boot = any(n.past_boots))`
}

/** What is newer than what the node has applied, and whoever sits there without a right to, whatever it has applied. */
const isOrder = sql`c.listed
  and (s.rev > c.applied and ${worthTelling} or said.epoch < s.epoch or said.seat is not null and s.state in ('left', 'removed'))`

const difference = sql`json_build_object('seat', s.id, 'userId', s.user_id, 'epoch', s.epoch,
  'state', case when said.epoch = s.epoch then said.state else 'away' end)`
const differs = sql`c.here and c.same and case when said.epoch = s.epoch
  then s.state in ('in', 'away') and s.state <> said.state
  else s.state = 'in' and s.seen_at < veche_now() - ${awayAfter} end`

const isSeen = sql`c.here and c.same and s.state in ('in', 'away') and said.epoch = s.epoch and said.state = 'in'
  and s.seen_at < veche_now() - ${noted}`

/**
 * No news to anybody, so no revision and no lock of a scope; whoever has a seat locked is writing it. Who is back is seen before their
 * state is written, so that nobody counts as gone whom the node has just named.
 */
async function noteSeen(deps: Deps, seats: SeatId[]): Promise<void> {
  await sql`update seats set seen_at = veche_now() where id in (
    select id from seats where id = any(${seats}::uuid[]) and state in ('in', 'away')
    for no key update skip locked)`.execute(deps.db)
}

function write(deps: Deps, beat: Heartbeat, { id, epoch, differences }: Compared): Promise<void> {
  const people = differences.map(({ userId }) => userId)
  return changeSeats(deps, id, people, (tx) => stillTrue(tx, beat, { id, epoch, differences }))
}

type Found = Pick<Compared, 'id' | 'epoch' | 'differences'>

/** Whoever has sat down anew meanwhile is another story, and so is a meeting that has moved on. */
async function stillTrue(tx: Tx<Deps>, beat: Heartbeat, { id, epoch, differences }: Found): Promise<SeatChange[]> {
  const { rows } = await sql<SeatChange & { epoch: number }>`
    select s.id as seat, s.user_id as "userId", s.state, s.epoch from seats s join meetings m on m.id = s.meeting_id
    where m.id = ${id} and m.epoch = ${epoch} and ${livesOn(beat)} and s.state in ('in', 'away')
      and s.id = any(${differences.map(({ seat }) => seat)}::uuid[])`.execute(tx.db)
  return rows.flatMap(({ seat, userId, state, epoch }) => {
    const found = differences.find((each) => each.seat === seat && each.epoch === epoch)
    return found && found.state !== state ? [{ seat, userId, state: found.state }] : []
  })
}

/** The next heartbeat finds the same again. */
function later(deps: Deps, error: unknown): void {
  deps.log.debug({ err: error }, 'seats could not be written')
}
