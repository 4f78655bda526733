import { nothing } from '@veche/shared/schemas/fields'
import * as schemas from '@veche/shared/schemas/meetings'
import { router, signedIn } from '../trpc.ts'
import { attendance } from './attendance.ts'
import { joinMeeting } from './joining.ts'
import { leaveMeeting } from './leaving.ts'
import { look, lookAtChat, lookByCode, mine } from './looking.ts'
import { pastMeetings } from './past.ts'
import { relays } from './relays.ts'
import { createMeeting, startMeeting } from './starting.ts'

export const meetingsRouter = router({
  start: signedIn('change')
    .input(schemas.start)
    .mutation(({ ctx, input }) => startMeeting(ctx, input)),
  create: signedIn('change')
    .input(schemas.create)
    .mutation(({ ctx, input }) => createMeeting(ctx, input)),
  get: signedIn('read')
    .input(schemas.one)
    .query(({ ctx, input }) => look(ctx, input)),
  byCode: signedIn('link')
    .input(schemas.byCode)
    .query(({ ctx, input }) => lookByCode(ctx, input)),
  ofChat: signedIn('read')
    .input(schemas.ofChat)
    .query(({ ctx, input }) => lookAtChat(ctx, input)),
  join: signedIn('join')
    .input(schemas.join)
    .mutation(({ ctx, input }) => joinMeeting(ctx, input)),
  leave: signedIn('change')
    .input(schemas.leave)
    .mutation(({ ctx, input }) => leaveMeeting(ctx, input)),
  iceServers: signedIn('read')
    .input(schemas.one)
    .query(({ ctx, input }) => relays(ctx, input)),
  mine: signedIn('read')
    .input(nothing)
    .query(({ ctx }) => mine(ctx)),
  past: signedIn('read')
    .input(schemas.past)
    .query(({ ctx, input }) => pastMeetings(ctx, input)),
  attendance: signedIn('read')
    .input(schemas.one)
    .query(({ ctx, input }) => attendance(ctx, input)),
})
