import { type MeetingId, newId, type SeatId, type TabId } from '@veche/shared/ids'
import { capabilities } from '@veche/shared/permissions'
import type { Tx } from '../../ctx.ts'
import { sqlNow } from '../../platform/clock.ts'
import { advance } from '../../platform/scopes/changes.ts'
import type { OpenMeeting } from '../access.ts'
import { seatColumns } from '../rows.ts'
import { isTaken, takenSeat } from '../states.ts'
import { noteArrivalUnderLock } from './attendance.ts'
import { sendMeetingUpdate } from './node-updates.ts'
import { userScope, meetingScope } from '../../platform/scopes/scope.ts'

export type TakenSeat = Awaited<ReturnType<typeof upsertSeat>>

/**
 * Takes the actor's seat for this tab. A person has one seat in a meeting: taking it again raises its epoch, so that the node lets go
 * of the tab that had it before. The meeting and the person are locked.
 */
export async function takeSeatUnderLock(tx: Tx, meeting: OpenMeeting, tab: TabId): Promise<TakenSeat> {
  const { id, seat: before } = meeting
  const seat = await upsertSeat(tx, meeting, tab)
  await noteArrivalUnderLock(tx, id, seat.id)
  await tx.db.updateTable('meetings').set({ empty_since: null }).where('id', '=', id).execute()
  tx.after.nudges.push(() => {
    if (!isTaken(before)) tx.participantPreviews.announce(id)
    sendMeetingUpdate(tx, id)
  })
  return seat
}

/** How many people besides the actor have a seat in the meeting. */
export async function countOtherSeats(tx: Tx, meetingId: MeetingId): Promise<number> {
  const { others } = await tx.db
    .selectFrom('seats')
    .select((eb) => eb.fn.countAll<number>().as('others'))
    .where('meeting_id', '=', meetingId)
    .where(takenSeat())
    .where('user_id', '<>', tx.actor.userId)
    .executeTakeFirstOrThrow()
  return others
}

async function upsertSeat(tx: Tx, { id, seat: before }: OpenMeeting, tab: TabId) {
  const { userId, sessionId } = tx.actor
  const rev = await advance(tx, meetingScope(id))
  const user_rev = await advance(tx, userScope(userId))
  const taken = { tab, session_id: sessionId, state: 'in' as const, rev, user_rev }
  const seatId = before?.id ?? newId<SeatId>(tx.clock.now())
  // A seat that was still taken is only taken over: its person has been in the meeting all the time.
  const arrival = isTaken(before) ? {} : { since_rev: rev, joined_at: sqlNow }
  return tx.db
    .insertInto('seats')
    .values({ ...taken, id: seatId, meeting_id: id, user_id: userId, capabilities: [...capabilities], since_rev: rev })
    .onConflict((conflict) =>
      conflict.columns(['meeting_id', 'user_id']).doUpdateSet((eb) => ({
        ...taken,
        epoch: eb('seats.epoch', '+', 1),
        seen_at: sqlNow,
        left_at: null,
        ...arrival,
      })),
    )
    .returning([...seatColumns, 'epoch'])
    .executeTakeFirstOrThrow()
}
