import type { ChatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { ScopeAnswer } from '@veche/shared/live'
import { countedKinds } from '@veche/shared/messages'
import type { Rows } from '@veche/shared/rows/rows'
import { type RawBuilder, sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import {
  firstVisibleSeq,
  hasRead,
  isCurrentMember,
  readableChatIds,
  readableChats,
} from '../platform/scopes/members.ts'
import { answerScope, type Audience, type ScopeView } from '../platform/scopes/views.ts'

/** What a member may see: the messages from `first_seq` on. */
type Bounds = { first_seq: number }
type Membership = Bounds & { since_rev: number; unread: number; read: number; delivered: number }
type Members = { rev: number; people: (Bounds & { user_id: UserId })[] | null } | null

/**
 * A chat as one member sees it. The unread number is counted here and nowhere else: messages of others, of countable kinds, not
 * deleted, after my read position and within what I may see.
 */
export const chatView: ScopeView = {
  scope: 'chat',
  beginsNewest: true,
  ids: readableChatIds,
  extras: (id, viewer) => ({ membership: membershipOf(id as ChatId, viewer) }),
  viewFor: ({ membership }) => {
    const mine = membership as Membership | null
    if (!mine) return null
    return {
      sinceRev: mine.since_rev,
      filterRows: (rows) => visibleRows(rows, mine),
      unread: mine.unread,
      positions: { read: mine.read, delivered: mine.delivered },
    }
  },
  audience: (id, among, knownRev) => ({ members: membersAmong(id as ChatId, among, knownRev) }),
  readAudience: ({ members }) => toAudience(members as Members),
  positions: (ids, viewer) => sql`
    select chats.id, ${read} as read, ${delivered} as delivered
    from ${readableChats(viewer)} where chats.id = any(${ids}::uuid[])`,
}

/** The chat as I see it now, with its newest page. */
export async function answerChat(ctx: Ctx, id: ChatId): Promise<ScopeAnswer> {
  return answerScope(ctx, ctx.db, { scope: 'chat', id, since: 0, viewer: ctx.actor.userId })
}

function membershipOf(id: ChatId, viewer: UserId): RawBuilder<unknown> {
  return sql`select json_build_object(
      'first_seq', ${firstVisibleSeq}, 'since_rev', members.since_rev,
      'unread', (${unread}), 'read', ${read}, 'delivered', ${delivered})
    from ${readableChats(viewer)} where chats.id = ${id}`
}

/** Read in the same snapshot as the rows, so a person who was removed by this very change is not among them. */
function membersAmong(id: ChatId, among: UserId[], knownRev: number): RawBuilder<unknown> {
  return sql`select json_build_object('rev', chats.members_rev, 'people', case when chats.members_rev <> ${knownRev} then (
      select coalesce(json_agg(json_build_object('user_id', members.user_id, 'first_seq', ${firstVisibleSeq})), '[]')
      from members where members.chat_id = chats.id and members.user_id = any(${among}::uuid[]) and ${isCurrentMember('members')}) end)
    from chats where chats.id = ${id}`
}

function toAudience(members: Members): Audience {
  if (!members) return { rev: 0, people: new Map() }
  const people = members.people?.map(
    (bounds) => [bounds.user_id, { filterRows: (rows: Rows) => visibleRows(rows, bounds) }] as const,
  )
  return { rev: members.rev, people: people ? new Map(people) : null }
}

/** A table that is not named here reaches nobody. */
function visibleRows({ chats, messages = [] }: Rows, { first_seq }: Bounds): Rows {
  const isVisible = ({ seq }: { seq: number }) => seq >= first_seq
  const visible = messages.every(isVisible) ? messages : messages.filter(isVisible)
  return { ...(chats ? { chats } : {}), ...(visible.length > 0 ? { messages: visible } : {}) }
}

const others = sql`o.chat_id = members.chat_id and o.user_id <> members.user_id and ${isCurrentMember('o')}`

/** The furthest read position of the others. The index `members_by_read` begins with it, so large groups cost no more than small ones. */
const read = sql`coalesce((
    select o.read_seq from members o where ${others} and ${hasRead('o')} order by o.read_seq desc limit 1), 0)`

const delivered = sql`case chats.kind when 'direct' then
    coalesce((select max(greatest(o.delivered_seq, o.read_seq)) from members o where ${others}), 0) else 0 end`

const unread = sql`select count(*) from (
    select from messages x
    where x.chat_id = members.chat_id and x.seq >= greatest(members.read_seq + 1, ${firstVisibleSeq})
      and x.author_id <> members.user_id and x.kind = any(${sql.lit(`{${countedKinds.join(',')}}`)}::text[]) and x.deleted_at is null
    limit ${sql.lit(limits.unreadCap)}) counted`
