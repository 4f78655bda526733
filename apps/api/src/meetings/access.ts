import type { DB } from '@veche/db/types.gen'
import type { ChatId, MeetingId, SeatId, TabId, UserId } from '@veche/shared/ids'
import type { PublicMeeting } from '@veche/shared/meetings'
import { limits } from '@veche/shared/limits'
import { type ChatAction, type ChatRole, mayInChat } from '@veche/shared/permissions'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Env } from '../env.ts'
import { fail, must } from '../errors.ts'
import { columnsOf } from '../platform/columns.ts'
import { isCurrentMember } from '../platform/scopes/members.ts'
import { isGoodCode, publicIdIn } from './links.ts'
import { meetingColumns } from './rows.ts'
import { takenSeat } from './states.ts'

export type MeetingAction = 'read' | 'join' | 'attendance' | 'iceServers' | 'leave'

/** Columns that stay with the server: the link and the placement. */
const serverColumns = [
  'public_id',
  'link_generation',
  'node_id',
  'node_boot',
  'epoch',
  'moved_at',
  'empty_since',
] as const

type Meeting = Pick<Selectable<DB['meetings']>, (typeof meetingColumns)[number] | (typeof serverColumns)[number]>
export type MySeat = { id: SeatId; state: Selectable<DB['seats']>['state']; epoch: number; tab: TabId }
export type OpenMeeting = Meeting & {
  chat: { kind: 'direct' | 'group'; title: string | null; pair: [UserId, UserId] | null }
  /** Null for a person who came by the link and is no member of the chat. */
  role: ChatRole | null
  /** A member of the chat removed them; they did not leave by themselves. */
  wasRemoved: boolean
  seat: MySeat | null
}

type Asking = { db: Kysely<DB>; env: Env; actor: { userId: UserId } }

/** What the chat must allow its members, and whether the link or an earlier seat is enough for a person who is no member. */
const rules: Record<MeetingAction, { member: ChatAction; link?: true; seat?: true }> = {
  read: { member: 'read', link: true },
  join: { member: 'meet', link: true },
  attendance: { member: 'read' },
  iceServers: { member: 'meet' },
  leave: { member: 'read', seat: true },
}

/**
 * Loads a meeting and checks the right of the actor. Members of its chat may by their membership; other people by its link, if it is
 * open to everyone and they were not removed from the chat. A wrong link, an unknown id and a meeting of others look alike.
 */
export async function openMeeting(
  ctx: Asking,
  meetingId: MeetingId,
  action: MeetingAction,
  code?: string,
): Promise<OpenMeeting> {
  const row = await meetingsOfActor(ctx).where('meetings.id', '=', meetingId).executeTakeFirst()
  const meeting = row && toOpenMeeting(row)
  if (!meeting) fail('meeting.not_found')
  const { member, link, seat } = rules[action]
  if (meeting.role) must(mayInChat(meeting.chat.kind, meeting.role, member), 'meeting.forbidden')
  else if (seat && meeting.seat) return meeting
  else if (link && code && isLinkOf(ctx, meeting, code))
    must(meeting.open_to === 'everyone' && !meeting.wasRemoved, 'meeting.forbidden')
  else fail('meeting.not_found')
  return meeting
}

/** The meeting that a link belongs to. A link that was never given out belongs to none. */
export async function meetingIdOfLink(ctx: Asking, code: string): Promise<MeetingId> {
  const query = ctx.db.selectFrom('meetings').select(['id', 'public_id', 'link_generation'])
  const found = await query.where('public_id', '=', publicIdIn(code)).executeTakeFirst()
  if (!found || !isLinkOf(ctx, found, code)) fail('meeting.not_found')
  return found.id
}

/** The chat of a meeting, whose scope is to be locked. It never changes, so it may be read before the lock. */
export async function chatIdOfMeeting(ctx: Pick<Asking, 'db'>, meetingId: MeetingId): Promise<ChatId> {
  const query = ctx.db.selectFrom('meetings').select('chat_id').where('id', '=', meetingId)
  const found = await query.executeTakeFirst()
  if (!found) fail('meeting.not_found')
  return found.chat_id
}

/** What anybody may know who has the link. A wrong link and an unknown meeting look alike. */
export async function openPublicMeeting({ db, env }: Pick<Asking, 'db' | 'env'>, code: string): Promise<PublicMeeting> {
  const found = await db
    .selectFrom('meetings')
    .innerJoin('chats', 'chats.id', 'meetings.chat_id')
    .select(['meetings.public_id', 'meetings.link_generation', 'meetings.open_to', 'meetings.state', 'chats.title'])
    .where('meetings.public_id', '=', publicIdIn(code))
    .executeTakeFirst()
  if (!found || !isLinkOf({ env }, found, code)) fail('meeting.not_found')
  // The title is that of the chat, whose later names are no concern of those who have an old link.
  const isPublic = found.open_to === 'everyone' && found.state !== 'ended'
  return { title: isPublic ? found.title : null, state: found.state }
}

type Linked = Pick<OpenMeeting, 'public_id' | 'link_generation'>

function isLinkOf({ env }: Pick<Asking, 'env'>, { public_id, link_generation }: Linked, code: string): boolean {
  return isGoodCode(env, code, { publicId: public_id, generation: link_generation })
}

/** The meetings in which the actor has taken a seat and is still a member of the chat; the one joined last comes first. */
export async function openSeatedMeetings(ctx: Asking): Promise<OpenMeeting[]> {
  const rows = await meetingsOfActor(ctx)
    .where(takenSeat())
    .orderBy('seats.joined_at', 'desc')
    .limit(limits.page.chats)
    .execute()
  return rows.map(toOpenMeeting).filter(({ role }) => role !== null)
}

/** Meetings with the actor's membership and seat, where there are any. */
function meetingsOfActor({ db, actor }: Asking) {
  return db
    .selectFrom('meetings')
    .innerJoin('chats', 'chats.id', 'meetings.chat_id')
    .leftJoin('members', (join) =>
      join.onRef('members.chat_id', '=', 'meetings.chat_id').on('members.user_id', '=', actor.userId),
    )
    .leftJoin('seats', (join) =>
      join.onRef('seats.meeting_id', '=', 'meetings.id').on('seats.user_id', '=', actor.userId),
    )
    .select(columnsOf('meetings', [...meetingColumns, ...serverColumns]))
    .select(['chats.kind', 'chats.title', 'chats.pair', 'members.was_removed'])
    .select(sql<ChatRole | null>`case when ${isCurrentMember('members')} then members.role end`.as('role'))
    .select(['seats.id as seat_id', 'seats.state as seat_state', 'seats.epoch as seat_epoch', 'seats.tab'])
}

type Row = Awaited<ReturnType<ReturnType<typeof meetingsOfActor>['executeTakeFirstOrThrow']>>

function toOpenMeeting(row: Row): OpenMeeting {
  const { kind, title, pair, role, was_removed, seat_id, seat_state, seat_epoch, tab, ...meeting } = row
  const seat =
    seat_id && seat_state && seat_epoch !== null && tab
      ? { id: seat_id, state: seat_state, epoch: seat_epoch, tab }
      : null
  const chat = { kind, title, pair }
  return { ...meeting, chat, role, wasRemoved: Boolean(was_removed), seat }
}
