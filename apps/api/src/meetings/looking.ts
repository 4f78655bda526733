import type { MeetingId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { MeetingLook } from '@veche/shared/meetings'
import type { ByCode, OfDialog, OneMeeting } from '@veche/shared/schemas/meetings'
import type { DB } from '@veche/db/types.gen'
import { type Kysely, sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { openDialog } from '../dialogs/access.ts'
import { iso, isoOrNull } from '../platform/clock.ts'
import { meetingOfLink, type OpenMeeting, openMeeting } from './access.ts'
import { linkCode } from './links.ts'

/** A meeting as it is seen from outside, before one joins. */
export async function look(ctx: Ctx, { meetingId }: OneMeeting): Promise<MeetingLook> {
  return seen(ctx, await openMeeting(ctx, meetingId, 'look'))
}

export async function lookByCode(ctx: Ctx, { code }: ByCode): Promise<MeetingLook> {
  const meetingId = await meetingOfLink(ctx, code)
  return seen(ctx, await openMeeting(ctx, meetingId, 'look', code))
}

/** What goes on in a dialog now: the answer for whoever was not there when it was signalled. */
export async function lookAtDialog(ctx: Ctx, { dialogId }: OfDialog): Promise<MeetingLook | null> {
  const { live_meeting_id } = await openDialog(ctx, dialogId, 'read')
  return live_meeting_id ? look(ctx, { meetingId: live_meeting_id }) : null
}

/** The meetings that I sit in, here or elsewhere. */
export async function mine(ctx: Ctx): Promise<MeetingLook[]> {
  const rows = await ctx.db
    .selectFrom('seats')
    .select('meeting_id')
    .where('user_id', '=', ctx.actor.userId)
    .where('state', 'in', ['in', 'away'])
    .orderBy('joined_at', 'desc')
    .limit(limits.page.dialogs)
    .execute()
  const looks: MeetingLook[] = []
  for (const { meeting_id } of rows) looks.push(await seen(ctx, await openMeeting(ctx, meeting_id, 'relays')))
  return looks
}

export type Faces = { count: number; userIds: UserId[] }

/** Who sits in it, and the first few of them. */
export async function facesOf(db: Kysely<DB>, meetingId: MeetingId): Promise<Faces> {
  const { rows } = await sql<Faces>`
    select count(*)::int as count, coalesce((array_agg(user_id order by joined_at, id))[1:${sql.lit(limits.meeting.faces)}], '{}') as "userIds"
    from seats where meeting_id = ${meetingId} and state in ('in', 'away')`.execute(db)
  return rows[0] ?? { count: 0, userIds: [] }
}

async function seen(ctx: Ctx, meeting: OpenMeeting): Promise<MeetingLook> {
  const { dialog, seat } = meeting
  return {
    meetingId: meeting.id,
    dialogId: meeting.dialog_id,
    title: dialog.title,
    withUserId: dialog.pair?.find((userId) => userId !== ctx.actor.userId) ?? null,
    state: meeting.state,
    startedAt: iso(meeting.started_at),
    endedAt: isoOrNull(meeting.ended_at),
    ...(await facesOf(ctx.db, meeting.id)),
    seatedElsewhere: seat?.state === 'in' || seat?.state === 'away',
    code: linkCode(ctx.env, { publicId: meeting.public_id, generation: meeting.link_generation }),
  }
}
