import { limits } from '@veche/shared/limits'
import type { PastMeeting, PastPage } from '@veche/shared/meetings'
import type { Past } from '@veche/shared/schemas/meetings'
import { sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { iso } from '../platform/clock.ts'
import { isCurrentMember } from '../platform/scopes/members.ts'

type Row = Omit<PastMeeting, 'startedAt' | 'endedAt' | 'withUserId'> & {
  pair: PastMeeting['withUserId'][] | null
  started_at: Date
  ended_at: Date
}

/** The meetings that one was in and that are over, the last one first; of chats that one is still in. */
export async function pastMeetings(ctx: Ctx, { cursor }: Past): Promise<PastPage> {
  const { userId } = ctx.actor
  const { page } = limits
  // The cursor went through JSON, which knows milliseconds.
  const ended = sql`date_trunc('milliseconds', m.ended_at)`
  const before = cursor ? sql`and (${ended}, m.id) < (${cursor.endedAt}::timestamptz, ${cursor.id}::uuid)` : sql``
  const { rows } = await sql<Row>`
    select m.id as "meetingId", m.chat_id as "chatId", d.title, d.pair, m.started_at, m.ended_at,
      (select count(distinct a.user_id)::int from attendances a where a.meeting_id = m.id) as people
    from seats s
    join meetings m on m.id = s.meeting_id and m.state = 'ended'
    join chats d on d.id = m.chat_id
    join members x on x.chat_id = d.id and x.user_id = s.user_id and ${isCurrentMember('x')}
    where s.user_id = ${userId} ${before}
    order by ${ended} desc, m.id desc
    limit ${sql.lit(page.meetings + 1)}`.execute(ctx.db)
  const meetings = rows.slice(0, page.meetings).map((row) => toPast(row, userId))
  const last = meetings.at(-1)
  return { meetings, next: rows.length > page.meetings && last ? `${last.endedAt}/${last.meetingId}` : null }
}

function toPast({ pair, started_at, ended_at, ...row }: Row, me: PastMeeting['withUserId']): PastMeeting {
  const withUserId = pair?.find((userId) => userId !== me) ?? null
  return { ...row, withUserId, startedAt: iso(started_at), endedAt: iso(ended_at) }
}
