import type { Leave } from '@veche/shared/schemas/meetings'
import type { Ctx } from '../ctx.ts'
import { must } from '../errors.ts'
import { changeScopes } from '../platform/scopes/changes.ts'
import { type OpenMeeting, openMeeting } from './access.ts'
import { endIfEmptyUnderLock } from './meeting-end.ts'
import { orNoSuchMeeting } from './scopes.ts'
import { writeSeatsUnderLock } from './seats/seat-changes.ts'
import { isTaken } from './states.ts'
import { chatScope, userScope, meetingScope } from '../platform/scopes/scope.ts'

/**
 * Gives the actor's seat up. A repeated leave does nothing, and neither does that of a tab whose seat another tab has taken over. A call
 * of a chat is over when the last person leaves by hand.
 */
export async function leaveMeeting(ctx: Ctx, { meetingId, seatEpoch, byHand }: Leave): Promise<Record<string, never>> {
  const userId = ctx.actor.userId
  const before = await openMeeting(ctx, meetingId, 'leave')
  const mayEnd = byHand && isCallOfChat(before)
  // The lock of the chat keeps those who start a call from getting this one while it ends.
  const chat = mayEnd ? [chatScope(before.chat_id)] : []
  await changeScopes(ctx, [meetingScope(meetingId), userScope(userId), ...chat], async (tx) => {
    const { seat } = await openMeeting(tx, meetingId, 'leave')
    must(seat, 'meeting.not_seated')
    if (seat.epoch !== seatEpoch || !isTaken(seat)) return
    await writeSeatsUnderLock(tx, meetingId, [{ seat: seat.id, userId, state: 'left' }])
    if (mayEnd) await endIfEmptyUnderLock(tx, { meetingId, chatId: before.chat_id, emptyMs: 0 })
  }).catch(orNoSuchMeeting)
  return {}
}

/** A meeting with a link that is open to everyone waits for those who come back. */
function isCallOfChat({ open_to }: OpenMeeting): boolean {
  return open_to === 'members'
}
