import type { ChatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { ScopeAnswer } from '@veche/shared/live'
import { countedKinds } from '@veche/shared/messages'
import { type RawBuilder, sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import {
  firstVisibleSeq,
  hasRead,
  isCurrentMember,
  readableChatIds,
  readableChats,
} from '../platform/scopes/members.ts'
import { answerScope } from '../platform/scopes/answers.ts'
import type { ScopeView } from '../platform/scopes/views.ts'
import { type Bounds, type Members, membersAmong, toAudience, visibleRows } from './audience.ts'

type Membership = Bounds & { since_rev: number; unread: number; read: number; delivered: number }

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
