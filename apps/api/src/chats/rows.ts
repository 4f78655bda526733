import type { DB } from '@veche/db/types.gen'
import type { AvatarId, ChatId, MeetingId, ScopeId, UserId } from '@veche/shared/ids'
import type { ChatRow, MembershipRow } from '@veche/shared/rows/rows'
import type { Kysely, Selectable } from 'kysely'
import type { Tx } from '../ctx.ts'
import { iso, isoOrNull } from '../platform/clock.ts'
import { columnsOf } from '../platform/columns.ts'
import type { RowSource } from '../platform/scopes/row-sources.ts'

export const chatColumns = [
  'id',
  'kind',
  'title',
  'avatar_id',
  'pair',
  'member_count',
  'members_rev',
  'cleared_seq',
  'history_for_new',
  'meeting_only',
  'live_meeting_id',
  'created_by',
  'created_at',
  'rev',
] as const

export const membershipColumns = [
  'chat_id',
  'role',
  'from_seq',
  'since_rev',
  'read_seq',
  'unread_mark',
  'notify',
  'pinned_at',
  'joined_at',
  'left_at',
  'was_removed',
  'rev',
] as const

type Chat = Pick<Selectable<DB['chats']>, (typeof chatColumns)[number]>
type Membership = Pick<Selectable<DB['members']>, (typeof membershipColumns)[number]>

export function toChat(row: Chat): ChatRow {
  const { id, kind, title, pair, rev } = row
  return {
    id,
    kind,
    title,
    pair,
    rev,
    memberCount: row.member_count,
    membersRev: row.members_rev,
    clearedSeq: row.cleared_seq,
    historyForNew: row.history_for_new,
    avatarId: row.avatar_id,
    meetingOnly: row.meeting_only,
    liveMeetingId: row.live_meeting_id,
    createdBy: row.created_by,
    createdAt: iso(row.created_at),
  }
}

export function toMembership(row: Membership): MembershipRow {
  const { role, notify, rev } = row
  return {
    chatId: row.chat_id,
    role,
    notify,
    rev,
    fromSeq: row.from_seq,
    sinceRev: row.since_rev,
    readSeq: row.read_seq,
    unreadMark: row.unread_mark,
    pinnedAt: isoOrNull(row.pinned_at),
    joinedAt: iso(row.joined_at),
    leftAt: isoOrNull(row.left_at),
    wasRemoved: row.was_removed,
  }
}

export type ChatChange = {
  rev: number
  title?: string
  avatar_id?: AvatarId | null
  history_for_new?: boolean
  member_count?: number
  members_rev?: number
  live_meeting_id?: MeetingId | null
}

/** Changes the chat's own row, stamped with the revision of the change. */
export async function stampChat(tx: Pick<Tx, 'db'>, id: ChatId, change: ChatChange): Promise<ChatRow> {
  const query = tx.db.updateTable('chats').set(change).where('id', '=', id).returning(chatColumns)
  return toChat(await query.executeTakeFirstOrThrow())
}

const chatsOf = (db: Kysely<DB>, id: ScopeId) =>
  db
    .selectFrom('chats')
    .select(columnsOf('chats', chatColumns))
    .where('chats.id', '=', id as ChatId)

const chats: RowSource<'chats'> = {
  scope: 'chat',
  table: 'chats',
  revColumn: 'chats.rev',
  rows: chatsOf,
  newest: chatsOf,
  toWire: toChat,
}

const memberships: RowSource<'memberships'> = {
  scope: 'user',
  table: 'memberships',
  revColumn: 'members.rev',
  rows: (db, id) =>
    db
      .selectFrom('members')
      .select(columnsOf('members', membershipColumns))
      .where('members.user_id', '=', id as UserId),
  toWire: toMembership,
}

export const chatRowSources = [chats, memberships]
