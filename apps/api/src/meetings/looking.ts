import type { MeetingId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { MeetingSummary } from '@veche/shared/meetings'
import type { ByCode, OfChat, OneMeeting } from '@veche/shared/schemas/meetings'
import type { DB } from '@veche/db/types.gen'
import { type Kysely, sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { openChat } from '../chats/access.ts'
import { iso, isoOrNull } from '../platform/clock.ts'
import { meetingOfLink, meetingsWithMe, type OpenMeeting, openMeeting } from './access.ts'
import { linkCode } from './links.ts'

/** A meeting as it is seen from outside, before one joins. */
export async function look(ctx: Ctx, { meetingId }: OneMeeting): Promise<MeetingSummary> {
  return seenAlone(ctx, await openMeeting(ctx, meetingId, 'look'))
}

export async function lookByCode(ctx: Ctx, { code }: ByCode): Promise<MeetingSummary> {
  const meetingId = await meetingOfLink(ctx, code)
  return seenAlone(ctx, await openMeeting(ctx, meetingId, 'look', code))
}

/** What goes on in a chat now: the answer for whoever was not there when it was signalled. */
export async function lookAtChat(ctx: Ctx, { chatId }: OfChat): Promise<MeetingSummary | null> {
  const { live_meeting_id } = await openChat(ctx, chatId, 'read')
  return live_meeting_id ? look(ctx, { meetingId: live_meeting_id }) : null
}

/** The meetings that I sit in, here or elsewhere. */
export async function mine(ctx: Ctx): Promise<MeetingSummary[]> {
  const meetings = await meetingsWithMe(ctx)
  const faces = await facesOf(ctx.db, ...meetings.map(({ id }) => id))
  return meetings.map((meeting) => seen(ctx, meeting, faces))
}

export type Faces = { count: number; userIds: UserId[] }

/** Who sits in these meetings: how many, and the first few of them. */
export async function facesOf(db: Kysely<DB>, ...meetingIds: MeetingId[]): Promise<(of: MeetingId) => Faces> {
  const { rows } = await sql<Faces & { id: MeetingId }>`
    select meeting_id as id, count(*)::int as count,
      (array_agg(user_id order by joined_at, id))[1:${sql.lit(limits.meeting.previewPeople)}] as "userIds"
    from seats where meeting_id = any(${meetingIds}::uuid[]) and state in ('in', 'away') group by meeting_id`.execute(
    db,
  )
  const known = new Map(rows.map(({ id, ...faces }) => [id, faces]))
  return (meetingId) => known.get(meetingId) ?? { count: 0, userIds: [] }
}

async function seenAlone(ctx: Ctx, meeting: OpenMeeting): Promise<MeetingSummary> {
  return seen(ctx, meeting, await facesOf(ctx.db, meeting.id))
}

function seen(ctx: Ctx, meeting: OpenMeeting, faces: (of: MeetingId) => Faces): MeetingSummary {
  const { chat, seat } = meeting
  return {
    meetingId: meeting.id,
    chatId: meeting.chat_id,
    title: chat.title,
    withUserId: chat.pair?.find((userId) => userId !== ctx.actor.userId) ?? null,
    state: meeting.state,
    startedAt: iso(meeting.started_at),
    endedAt: isoOrNull(meeting.ended_at),
    ...faces(meeting.id),
    seatedElsewhere: seat?.state === 'in' || seat?.state === 'away',
    code: linkCode(ctx.env, { publicId: meeting.public_id, generation: meeting.link_generation }),
  }
}
