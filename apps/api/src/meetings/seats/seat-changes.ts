import type { MeetingId, SeatId, UserId } from '@veche/shared/ids'
import { meetingLimits } from '@veche/shared/meeting-limits'
import type { SeatRow } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import type { Tx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { sqlNow } from '../../platform/clock.ts'
import { advance, advanceAll, changeScopes } from '../../platform/scopes/changes.ts'
import { liveMeeting, takenSeat } from '../states.ts'
import { noteDeparturesUnderLock } from './attendance.ts'
import { sendMeetingUpdate } from './node-updates.ts'
import { userScope, meetingScope } from '../../platform/scopes/scope.ts'

export type SeatChange = { seat: SeatId; userId: UserId; state: SeatRow['state'] }

/** A transaction stamps at most 200 rows, and each seat is stamped twice: for its meeting and for its person. */
const maxSeats = 90

/**
 * Changes seats of a meeting that were found to be due. They were found without a lock, so under the locks of the meeting and of these
 * people `stillDue` answers which changes are still right.
 */
export async function changeSeats(
  deps: Deps,
  meetingId: MeetingId,
  found: UserId[],
  stillDue: (tx: Tx<Deps>) => Promise<SeatChange[]>,
): Promise<void> {
  const people = found.slice(0, maxSeats)
  await changeScopes(deps, [meetingScope(meetingId), ...people.map(userScope)], async (tx) => {
    const changes = (await stillDue(tx)).filter(({ userId }) => people.includes(userId))
    await writeSeatsUnderLock(tx, meetingId, changes)
  })
}

/** Writes new states of seats, stamped for the meeting and for each person. The meeting and these people are locked. */
export async function writeSeatsUnderLock(tx: Tx<Deps>, meetingId: MeetingId, changes: SeatChange[]): Promise<void> {
  if (changes.length === 0) return
  const givenUp = changes.filter(({ state }) => state === 'left' || state === 'removed').map(({ seat }) => seat)
  if (givenUp.length > 0) await noteDeparturesUnderLock(tx, givenUp)
  await writeStates(tx, meetingId, changes)
  if (givenUp.length === 0) return
  await noteIfEmpty(tx, meetingId)
  tx.after.nudges.push(() => {
    tx.participantPreviews.announce(meetingId)
    sendMeetingUpdate(tx, meetingId)
  })
}

async function writeStates(tx: Tx<Deps>, meetingId: MeetingId, changes: SeatChange[]): Promise<void> {
  const rev = await advance(tx, meetingScope(meetingId))
  const revs = await advanceAll(
    tx,
    changes.map(({ userId }) => userScope(userId)),
  )
  const userRevs = changes.map(({ userId }) => revs.get(userId))
  await sql`
    update seats s set state = c.state, rev = ${rev}, user_rev = c.user_rev,
      seen_at = case c.state when 'in' then veche_now()
        when 'away' then greatest(s.seen_at, veche_now() - ${meetingLimits.awaySeconds} * interval '1 second') else s.seen_at end,
      left_at = case when c.state in ('left', 'removed') then veche_now() end
    from unnest(${changes.map(({ seat }) => seat)}::uuid[], ${changes.map(({ state }) => state)}::text[],
      ${userRevs}::bigint[]) c (id, state, user_rev)
    where s.id = c.id`.execute(tx.db)
}

async function noteIfEmpty(tx: Tx<Deps>, meetingId: MeetingId): Promise<void> {
  await tx.db
    .updateTable('meetings')
    .set({ empty_since: sqlNow })
    .where('id', '=', meetingId)
    .where(liveMeeting())
    .where(sql<boolean>`not exists (select from seats s where s.meeting_id = meetings.id and ${takenSeat('s')})`)
    .execute()
}
