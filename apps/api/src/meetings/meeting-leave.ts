import type { Leave } from '@veche/shared/schemas/meetings'
import type { Ctx } from '../ctx.ts'
import { must } from '../errors.ts'
import { changeScopes } from '../platform/scopes/changes.ts'
import { openMeeting } from './access.ts'
import { orNoSuchMeeting } from './scopes.ts'
import { writeSeatsUnderLock } from './seats/seat-changes.ts'
import { isTaken } from './states.ts'
import { userScope, meetingScope } from '../platform/scopes/scope.ts'

/** Gives the actor's seat up. A repeated leave does nothing, and neither does that of a tab whose seat another tab has taken over. */
export async function leaveMeeting(ctx: Ctx, { meetingId, seatEpoch }: Leave): Promise<Record<string, never>> {
  const userId = ctx.actor.userId
  await changeScopes(ctx, [meetingScope(meetingId), userScope(userId)], async (tx) => {
    const { seat } = await openMeeting(tx, meetingId, 'leave')
    must(seat, 'meeting.not_seated')
    if (seat.epoch !== seatEpoch || !isTaken(seat)) return
    await writeSeatsUnderLock(tx, meetingId, [{ seat: seat.id, userId, state: 'left' }])
  }).catch(orNoSuchMeeting)
  return {}
}
