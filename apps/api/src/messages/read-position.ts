import type { ChatId, UserId } from '@veche/shared/ids'
import { serverLimits } from '@veche/shared/server-limits'
import type { Unread } from '@veche/shared/live'
import type { MembershipRow } from '@veche/shared/rows/rows'
import type { Position } from '@veche/shared/schemas/messages'
import { type MyRole, requireRole, rolesThatMay } from '../chats/access.ts'
import { membershipColumns, toMembership } from '../chats/rows.ts'
import { chatView } from '../chats/view.ts'
import type { Ctx } from '../ctx.ts'
import { fail } from '../errors.ts'
import { columnsOf } from '../platform/columns.ts'
import { readableChatsText } from '../platform/scopes/members.ts'
import { rowsSince } from '../platform/scopes/reading.ts'
import { sendPositions } from './positions.ts'

export type ReadAnswer = { membership: MembershipRow; unread: Unread }

type Found = { chat_kind: null } | (MyRole & Membership & Reached)
type Membership = Parameters<typeof toMembership>[0]
type Reached = { member_count: number; chat_rev: number; newest_seq: number; has_moved: boolean }

/** My read position moves forward only, and never past the newest message. It is a row of my own scope; the others get a signal. */
export async function markRead(ctx: Ctx, { chatId, seq }: Position): Promise<ReadAnswer> {
  const me = ctx.actor.userId
  const values = [chatId, me, seq, rolesThatMayRead]
  const [row] = await ctx.writers.write(me, { name: 'read-position-move', text: moveText, values })
  const found = row as Found
  requireRole(found, 'read')
  if (found.chat_kind === null) fail('chat.not_found')
  const membership = toMembership(found)
  if (found.has_moved) tellMoved(ctx, found, membership)
  const unread =
    membership.readSeq >= found.newest_seq ? { unread: 0, atRev: found.chat_rev } : await countUnread(ctx, chatId, me)
  return { membership, unread }
}

function tellMoved(ctx: Ctx, { chat_kind, member_count }: MyRole & Reached, { chatId, readSeq, rev }: MembershipRow) {
  ctx.hints.tell({ hints: [{ scope: 'user', id: ctx.actor.userId, rev }] })
  if (member_count > serverLimits.positionsUpTo) return
  sendPositions(ctx, chatId, { read: readSeq, delivered: chat_kind === 'direct' ? readSeq : 0 })
}

const rolesThatMayRead = rolesThatMay('read')
const columns = columnsOf('members', membershipColumns).join(', ')

/**
 * People read more often than they write, so this is one statement under the lock of the user's scope, like that of a message: it reads
 * the right and the newest message, and moves the position if there is something new to have read.
 * $1: chat · $2: me · $3: how far I have read · $4: kinds of chats with the roles that may read. `(select) nothing` is a row without
 * columns, so it answers one row in any case.
 */
const moveText = `
  with mine as (
      select chats.kind as chat_kind, members.role as my_role, chats.member_count,
        scopes.rev as chat_rev, scopes.seq as newest_seq,
        greatest(members.read_seq, least($3::bigint, scopes.seq)) as reached_seq,
        members.unread_mark or members.read_seq < least($3::bigint, scopes.seq) as moves
      from ${readableChatsText('$2')} join scopes on scopes.id = chats.id where chats.id = $1),
    advanced as (
      update scopes set rev = rev + 1
      where id = $2 and exists (select from mine where moves and chat_kind || ' ' || my_role = any($4::text[]))
      returning rev),
    moved as (
      update members set rev = advanced.rev, unread_mark = false, read_seq = mine.reached_seq,
        delivered_seq = greatest(members.delivered_seq, mine.reached_seq)
      from mine, advanced where members.chat_id = $1 and members.user_id = $2
      returning ${columns})
  select mine.chat_kind, mine.my_role, mine.member_count, mine.chat_rev, mine.newest_seq, found.*
  from (select) nothing left join mine on true
    left join (
      select true as has_moved, moved.* from moved
      union all
      select false, ${columns} from members
      where members.chat_id = $1 and members.user_id = $2 and not exists (select from moved)) found on true`

/** The unread number with the revision at which it was counted, in one snapshot; no rows are read with it. */
async function countUnread(ctx: Ctx, id: ChatId, me: UserId): Promise<Unread> {
  const reading = { scope: 'chat' as const, id, from: 0, extras: chatView.extras(id, me) }
  const read = await rowsSince({ rowSources: [] }, ctx.db, reading)
  const view = read && chatView.viewFor(read.extras)
  if (!read || !view) fail('chat.not_found')
  return { unread: view.unread ?? 0, atRev: read.scopeRev }
}
