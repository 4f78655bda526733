import type { UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { EndedMeeting, EndedMeetingsPage } from '@veche/shared/meetings'
import type { MeetingHistory } from '@veche/shared/schemas/meetings'
import { sql } from 'kysely'
import type { Ctx } from '../../ctx.ts'
import { iso } from '../../platform/clock.ts'
import { isCurrentMember } from '../../platform/scopes/members.ts'

type Row = Omit<EndedMeeting, 'startedAt' | 'endedAt' | 'withUserId'> & {
  pair: UserId[] | null
  started_at: Date
  ended_at: Date
}

/** Ended meetings in which the actor had a seat, of chats that they are still a member of; the newest first. */
export async function meetingHistory(ctx: Ctx, { cursor }: MeetingHistory): Promise<EndedMeetingsPage> {
  const { userId } = ctx.actor
  const pageSize = limits.page.meetings
  // The cursor travelled as JSON, which keeps milliseconds only.
  const endedAt = sql`date_trunc('milliseconds', m.ended_at)`
  const afterCursor = cursor
    ? sql`and (${endedAt}, m.id) < (${cursor.endedAt}::timestamptz, ${cursor.id}::uuid)`
    : sql``
  const { rows } = await sql<Row>`
    select m.id as "meetingId", m.chat_id as "chatId", c.title, c.pair, m.started_at, m.ended_at, m.people, m.audio
    from seats s
    join meetings m on m.id = s.meeting_id and m.state = 'ended'
    join chats c on c.id = m.chat_id
    join members x on x.chat_id = c.id and x.user_id = s.user_id and ${isCurrentMember('x')}
    where s.user_id = ${userId} ${afterCursor}
    order by ${endedAt} desc, m.id desc
    limit ${sql.lit(pageSize + 1)}`.execute(ctx.db)
  const meetings = rows.slice(0, pageSize).map((row) => toEndedMeeting(row, userId))
  const last = meetings.at(-1)
  return { meetings, next: rows.length > pageSize && last ? `${last.endedAt}/${last.meetingId}` : null }
}

function toEndedMeeting({ pair, started_at, ended_at, ...row }: Row, me: UserId): EndedMeeting {
  const withUserId = pair?.find((userId) => userId !== me) ?? null
  return { ...row, withUserId, startedAt: iso(started_at), endedAt: iso(ended_at) }
}
