import type { MeetingSummary, PublicMeeting } from '@veche/shared/meetings'
import type { ByCode, OfChat, OneMeeting } from '@veche/shared/schemas/meetings'
import type { Anyone, Ctx } from '../ctx.ts'
import { openChat } from '../chats/access.ts'
import { iso, isoOrNull } from '../platform/clock.ts'
import { meetingIdOfLink, openMeeting, type OpenMeeting, openPublicMeeting, openSeatedMeetings } from './access.ts'
import { linkCode } from './links.ts'
import { type ParticipantPreview, readPreviews } from './seats/ParticipantPreviews.ts'
import { isTaken } from './states.ts'

/** A meeting as a person sees it before joining. */
export async function getMeeting(ctx: Ctx, { meetingId }: OneMeeting): Promise<MeetingSummary> {
  return summaryOf(ctx, await openMeeting(ctx, meetingId, 'read'))
}

export async function getMeetingByCode(ctx: Ctx, { code }: ByCode): Promise<MeetingSummary> {
  const meetingId = await meetingIdOfLink(ctx, code)
  return summaryOf(ctx, await openMeeting(ctx, meetingId, 'read', code))
}

/** For the page of a link before anybody is signed in. */
export async function getPublicMeeting(ctx: Anyone, { code }: ByCode): Promise<PublicMeeting> {
  return openPublicMeeting(ctx, code)
}

/** The live meeting of a chat, for a client that did not receive its signal. */
export async function getMeetingOfChat(ctx: Ctx, { chatId }: OfChat): Promise<MeetingSummary | null> {
  const { live_meeting_id } = await openChat(ctx, chatId, 'read')
  return live_meeting_id ? getMeeting(ctx, { meetingId: live_meeting_id }) : null
}

/** The meetings in which the actor has a seat now, on this or another device. */
export async function currentMeetings(ctx: Ctx): Promise<MeetingSummary[]> {
  const meetings = await openSeatedMeetings(ctx)
  const previewOf = await readPreviews(
    ctx.db,
    meetings.map(({ id }) => id),
  )
  return meetings.map((meeting) => toSummary(ctx, meeting, previewOf(meeting.id)))
}

async function summaryOf(ctx: Ctx, meeting: OpenMeeting): Promise<MeetingSummary> {
  const previewOf = await readPreviews(ctx.db, [meeting.id])
  return toSummary(ctx, meeting, previewOf(meeting.id))
}

function toSummary(ctx: Ctx, meeting: OpenMeeting, preview: ParticipantPreview): MeetingSummary {
  const { chat, seat } = meeting
  return {
    meetingId: meeting.id,
    chatId: meeting.chat_id,
    title: chat.title,
    withUserId: chat.pair?.find((userId) => userId !== ctx.actor.userId) ?? null,
    audio: meeting.audio,
    state: meeting.state,
    startedAt: iso(meeting.started_at),
    endedAt: isoOrNull(meeting.ended_at),
    ...preview,
    seatedElsewhere: isTaken(seat),
    code: linkCode(ctx.env, { publicId: meeting.public_id, generation: meeting.link_generation }),
  }
}
