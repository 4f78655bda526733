import type { AvatarSide } from '@veche/shared/avatars'
import type { AvatarId } from '@veche/shared/ids'
import { type RawBuilder, sql } from 'kysely'
import type { Actor, Ctx } from '../ctx.ts'
import { fail } from '../errors.ts'
import { liveMeeting, takenSeat } from '../meetings/states.ts'
import { readableChats } from '../platform/scopes/members.ts'

/**
 * The bytes of an avatar that the actor may see now. Everybody who has an account sees those of people, and members that of their group.
 * A guest sees those of the people in their meeting and of its group. One that is missing and one that is not for them look alike.
 */
export async function openAvatar({ db, actor }: Ctx, id: AvatarId, side: AvatarSide): Promise<Buffer> {
  const { ofPeople, ofChats } = actor.kind === 'guest' ? seenByGuest(actor) : seenByPerson(actor)
  const { rows } = await sql<{ bytes: Buffer }>`
    select ${sql.ref(`avatars.px${side}`)} as bytes from avatars
    where avatars.id = ${id} and (
      exists (select from ${ofPeople} and users.avatar_id = avatars.id)
      or exists (select from ${ofChats} and chats.avatar_id = avatars.id))`.execute(db)
  const [found] = rows
  if (!found) fail('avatar.not_found')
  return found.bytes
}

type Seen = { ofPeople: RawBuilder<unknown>; ofChats: RawBuilder<unknown> }

function seenByPerson({ userId }: Actor): Seen {
  return { ofPeople: sql`users where true`, ofChats: sql`${readableChats(userId)} where true` }
}

function seenByGuest({ userId }: Actor): Seen {
  const myMeetings = sql`select meetings.id, meetings.chat_id from meetings join seats s on s.meeting_id = meetings.id
    where ${liveMeeting()} and ${takenSeat('s')} and s.user_id = ${userId}`
  return {
    ofPeople: sql`users join seats on seats.user_id = users.id
      where ${takenSeat()} and seats.meeting_id in (select id from (${myMeetings}) mine)`,
    ofChats: sql`chats where chats.id in (select chat_id from (${myMeetings}) mine)`,
  }
}
