import { nothing } from '@veche/shared/schemas/fields'
import * as schemas from '@veche/shared/schemas/meetings'
import { open, router, signedIn } from '../trpc.ts'
import { meetingHistory } from './ended/history.ts'
import { joinMeeting } from './meeting-join.ts'
import { leaveMeeting } from './meeting-leave.ts'
import { createMeeting, startMeeting } from './meeting-start.ts'
import { attendance } from './seats/attendance.ts'
import { iceServers } from './seats/ice-servers.ts'
import { currentMeetings, getMeeting, getMeetingByCode, getMeetingOfChat, getPublicMeeting } from './summary.ts'

export const meetingsRouter = router({
  start: signedIn('change')
    .input(schemas.start)
    .mutation(({ ctx, input }) => startMeeting(ctx, input)),
  create: signedIn('change')
    .input(schemas.create)
    .mutation(({ ctx, input }) => createMeeting(ctx, input)),
  get: signedIn('read')
    .input(schemas.one)
    .query(({ ctx, input }) => getMeeting(ctx, input)),
  byCode: signedIn('link')
    .input(schemas.byCode)
    .query(({ ctx, input }) => getMeetingByCode(ctx, input)),
  publicByCode: open('link')
    .input(schemas.byCode)
    .query(({ ctx, input }) => getPublicMeeting(ctx, input)),
  ofChat: signedIn('read')
    .input(schemas.ofChat)
    .query(({ ctx, input }) => getMeetingOfChat(ctx, input)),
  join: signedIn('join')
    .input(schemas.join)
    .mutation(({ ctx, input }) => joinMeeting(ctx, input)),
  leave: signedIn('change')
    .input(schemas.leave)
    .mutation(({ ctx, input }) => leaveMeeting(ctx, input)),
  iceServers: signedIn('read')
    .input(schemas.one)
    .query(({ ctx, input }) => iceServers(ctx, input)),
  current: signedIn('read')
    .input(nothing)
    .query(({ ctx }) => currentMeetings(ctx)),
  history: signedIn('read')
    .input(schemas.history)
    .query(({ ctx, input }) => meetingHistory(ctx, input)),
  attendance: signedIn('read')
    .input(schemas.one)
    .query(({ ctx, input }) => attendance(ctx, input)),
})
