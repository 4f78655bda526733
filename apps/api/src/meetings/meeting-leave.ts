import type { Leave } from '@veche/shared/schemas/meetings'
import type { Ctx } from '../ctx.ts'
import { must } from '../errors.ts'
import { changeScopes } from '../platform/scopes/changes.ts'
import { openMeeting } from './access.ts'
import { endEmptyMeeting } from './meeting-end.ts'
import { orNoSuchMeeting } from './scopes.ts'
import { writeSeatsUnderLock } from './seats/seat-changes.ts'
import { isTaken } from './states.ts'
import { userScope, meetingScope } from '../platform/scopes/scope.ts'

/**
 * Gives the actor's seat up. A repeated leave does nothing, and neither does that of a tab whose seat another tab has taken over. A call
 * of a chat is over when the last person hangs up; a meeting by link waits for those who come back.
 */
export async function leaveMeeting(ctx: Ctx, { meetingId, seatEpoch, byHand }: Leave): Promise<Record<string, never>> {
  const userId = ctx.actor.userId
  const hungUp = await changeScopes(ctx, [meetingScope(meetingId), userScope(userId)], async (tx) => {
    const { seat, open_to } = await openMeeting(tx, meetingId, 'leave')
    must(seat, 'meeting.not_seated')
    if (seat.epoch !== seatEpoch || !isTaken(seat)) return false
    await writeSeatsUnderLock(tx, meetingId, [{ seat: seat.id, userId, state: 'left' }])
    return byHand && open_to === 'members'
  }).catch(orNoSuchMeeting)
  if (hungUp) await endEmptyMeeting(ctx, meetingId, 0)
  return {}
}
