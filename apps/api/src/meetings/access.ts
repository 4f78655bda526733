import type { DB } from '@veche/db/types.gen'
import type { ChatId, MeetingId, SeatId, TabId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { type ChatAction, type ChatRole, mayInChat } from '@veche/shared/permissions'
import type { Kysely, Selectable } from 'kysely'
import type { Env } from '../env.ts'
import { fail, must } from '../errors.ts'
import { isGoodCode, publicIdIn } from './links.ts'
import { meetingColumns } from './rows.ts'
import { columnsOf } from '../platform/columns.ts'

export type MeetingAction = 'look' | 'join' | 'attendance' | 'relays' | 'leave'

const placeColumns = [
  'public_id',
  'link_generation',
  'node_id',
  'node_boot',
  'epoch',
  'moved_at',
  'empty_since',
] as const

type Meeting = Pick<Selectable<DB['meetings']>, (typeof meetingColumns)[number] | (typeof placeColumns)[number]>
export type MySeat = { id: SeatId; state: Selectable<DB['seats']>['state']; epoch: number; tab: TabId }
export type OpenMeeting = Meeting & {
  chat: { kind: 'direct' | 'group'; title: string | null; pair: [UserId, UserId] | null }
  /** Null for somebody who came by the link and is no member of the chat. */
  role: ChatRole | null
  /** They were a member, and did not leave by themselves. */
  putOut: boolean
  seat: MySeat | null
}

type Asking = { db: Kysely<DB>; env: Env; actor: { userId: UserId } }

/** What the chat must allow its members, and whether the link stands in for a membership, or a seat that one had. */
const rules: Record<MeetingAction, { member: ChatAction; link?: true; seat?: true }> = {
  look: { member: 'read', link: true },
  join: { member: 'meet', link: true },
  attendance: { member: 'read' },
  relays: { member: 'meet' },
  leave: { member: 'read', seat: true },
}

/**
 * The one door to a meeting. Members of its chat come in by their membership; others by its link, if it is open to everyone; whoever
 * was put out of the room does not come back by its open door. A wrong link, an unknown id and a meeting of others look alike.
 */
export async function openMeeting(
  ctx: Asking,
  meetingId: MeetingId,
  action: MeetingAction,
  code?: string,
): Promise<OpenMeeting> {
  const row = await seenBy(ctx).where('meetings.id', '=', meetingId).executeTakeFirst()
  const found = row && toOpen(row)
  if (!found) fail('meeting.not_found')
  const { member, link, seat } = rules[action]
  if (found.role) must(mayInChat(found.chat.kind, found.role, member), 'meeting.forbidden')
  else if (seat && found.seat) return found
  else if (link && code && isLinkOf(ctx, found, code))
    must(found.open_to === 'everyone' && !found.putOut, 'meeting.forbidden')
  else fail('meeting.not_found')
  return found
}

/** The meeting that a link is of; a link that was never given out is of none. */
export async function meetingOfLink(ctx: Asking, code: string): Promise<MeetingId> {
  const query = ctx.db.selectFrom('meetings').select(['id', 'public_id', 'link_generation'])
  const found = await query.where('public_id', '=', publicIdIn(code)).executeTakeFirst()
  if (!found || !isLinkOf(ctx, found, code)) fail('meeting.not_found')
  return found.id
}

/** Where the locks are: a meeting never changes its chat. */
export async function chatOf(ctx: Pick<Asking, 'db'>, meetingId: MeetingId): Promise<ChatId> {
  const query = ctx.db.selectFrom('meetings').select('chat_id').where('id', '=', meetingId)
  const found = await query.executeTakeFirst()
  if (!found) fail('meeting.not_found')
  return found.chat_id
}

type Linked = Pick<OpenMeeting, 'public_id' | 'link_generation'>

function isLinkOf({ env }: Asking, { public_id, link_generation }: Linked, code: string): boolean {
  return isGoodCode(env, code, { publicId: public_id, generation: link_generation })
}

/** Those that I sit in, and may still: the last one that I came to first. */
export async function meetingsWithMe(ctx: Asking): Promise<OpenMeeting[]> {
  const rows = await seenBy(ctx)
    .where('seats.state', 'in', ['in', 'away'])
    .orderBy('seats.joined_at', 'desc')
    .limit(limits.page.chats)
    .execute()
  return rows.map(toOpen).filter(({ role }) => role !== null)
}

/** Meetings as this person stands to them. */
function seenBy({ db, actor }: Asking) {
  return db
    .selectFrom('meetings')
    .innerJoin('chats', 'chats.id', 'meetings.chat_id')
    .leftJoin('members', (join) =>
      join.onRef('members.chat_id', '=', 'meetings.chat_id').on('members.user_id', '=', actor.userId),
    )
    .leftJoin('seats', (join) =>
      join.onRef('seats.meeting_id', '=', 'meetings.id').on('seats.user_id', '=', actor.userId),
    )
    .select(columnsOf('meetings', [...meetingColumns, ...placeColumns]))
    .select(['chats.kind', 'chats.title', 'chats.pair', 'members.role', 'members.left_at', 'members.was_removed'])
    .select(['seats.id as seat_id', 'seats.state as seat_state', 'seats.epoch as seat_epoch', 'seats.tab'])
}

type Row = Awaited<ReturnType<ReturnType<typeof seenBy>['executeTakeFirstOrThrow']>>

function toOpen(row: Row): OpenMeeting {
  const { kind, title, pair, role, left_at, was_removed, seat_id, seat_state, seat_epoch, tab, ...meeting } = row
  const seat =
    seat_id && seat_state && seat_epoch !== null && tab
      ? { id: seat_id, state: seat_state, epoch: seat_epoch, tab }
      : null
  return { ...meeting, chat: { kind, title, pair }, role: left_at ? null : role, putOut: Boolean(was_removed), seat }
}
