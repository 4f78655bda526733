import type { MeetingId, SeatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { SeatRow } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { sqlNow } from '../platform/clock.ts'
import { advance, advanceAll, lockScopes } from '../platform/scopes/changes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { noteGoing } from './attendance.ts'
import { tellNode } from './nodes/orders.ts'
import { userScope, meetingScope } from '../platform/scopes/scope.ts'

export type SeatChange = { seat: SeatId; userId: UserId; state: SeatRow['state'] }

/** A transaction stamps at most 200 rows, and each seat is stamped for its meeting and for its person. */
const atOnce = 90

/**
 * Changes seats of a meeting that somebody found to be due. What was found is looked at again under the locks of the meeting and of
 * these people: `due` answers what is still true.
 */
export async function changeSeats(
  deps: Deps,
  meetingId: MeetingId,
  found: UserId[],
  due: (tx: Tx<Deps>) => Promise<SeatChange[]>,
): Promise<void> {
  const people = found.slice(0, atOnce)
  await inTransaction(deps, async (tx) => {
    await lockScopes(tx, [meetingScope(meetingId), ...people.map(userScope)])
    const changes = (await due(tx)).filter(({ userId }) => people.includes(userId))
    await settleSeats(tx, meetingId, changes)
  })
}

/** Writes what seats have become, stamped for both who read them. Their meeting and their people are locked. */
export async function settleSeats(tx: Tx<Deps>, meetingId: MeetingId, changes: SeatChange[]): Promise<void> {
  if (changes.length === 0) return
  const gone = changes.filter(({ state }) => state === 'left' || state === 'removed').map(({ seat }) => seat)
  if (gone.length > 0) await noteGoing(tx, gone)
  const rev = await advance(tx, meetingScope(meetingId))
  const revs = await advanceAll(
    tx,
    changes.map(({ userId }) => userScope(userId)),
  )
  const userRevs = changes.map(({ userId }) => revs.get(userId))
  await sql`
    update seats s set state = c.state, rev = ${rev}, user_rev = c.user_rev,
      seen_at = case c.state when 'in' then veche_now()
        when 'away' then greatest(s.seen_at, veche_now() - ${limits.meeting.awaySeconds} * interval '1 second') else s.seen_at end,
      left_at = case when c.state in ('left', 'removed') then veche_now() end
    from unnest(${changes.map(({ seat }) => seat)}::uuid[], ${changes.map(({ state }) => state)}::text[],
      ${userRevs}::bigint[]) c (id, state, user_rev)
    where s.id = c.id`.execute(tx.db)
  if (gone.length > 0) await noteEmpty(tx, meetingId)
  tx.after.nudges.push(() => {
    if (gone.length > 0) tx.faces.tell(meetingId)
    if (gone.length > 0) tellNode(tx, meetingId)
  })
}

async function noteEmpty(tx: Tx<Deps>, meetingId: MeetingId): Promise<void> {
  await tx.db
    .updateTable('meetings')
    .set({ empty_since: sqlNow })
    .where('id', '=', meetingId)
    .where('state', '=', 'live')
    .where(
      sql<boolean>`not exists (select from seats s where s.meeting_id = meetings.id and s.state in ('in', 'away'))`,
    )
    .execute()
}
