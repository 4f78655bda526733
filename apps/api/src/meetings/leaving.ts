import type { Leave } from '@veche/shared/schemas/meetings'
import type { Ctx } from '../ctx.ts'
import { must } from '../errors.ts'
import { changeScopes } from '../platform/scopes/changes.ts'
import { openMeeting } from './access.ts'
import { orNoSuchMeeting } from './scopes.ts'
import { settleSeats } from './seats.ts'
import { userScope, meetingScope } from '../platform/scopes/scope.ts'

/** Getting up. Said twice it is done once, and said by a place that another has taken over since it is nothing. */
export async function leaveMeeting(ctx: Ctx, { meetingId, seatEpoch }: Leave): Promise<Record<string, never>> {
  const userId = ctx.actor.userId
  await changeScopes(ctx, [meetingScope(meetingId), userScope(userId)], async (tx) => {
    const { seat } = await openMeeting(tx, meetingId, 'leave')
    must(seat, 'meeting.not_seated')
    if (seat.epoch !== seatEpoch || (seat.state !== 'in' && seat.state !== 'away')) return
    await settleSeats(tx, meetingId, [{ seat: seat.id, userId, state: 'left' }])
  }).catch(orNoSuchMeeting)
  return {}
}
