import type { ChatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Positions, Unread } from '@veche/shared/live'
import type { MembershipRow } from '@veche/shared/rows/rows'
import type { Position, Typing } from '@veche/shared/schemas/messages'
import { sql } from 'kysely'
import { type OpenChat, openChat } from '../chats/access.ts'
import { membershipColumns, toMembership } from '../chats/rows.ts'
import { chatView } from '../chats/view.ts'
import type { Ctx, Tx } from '../ctx.ts'
import { fail } from '../errors.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { rowsSince } from '../platform/scopes/row-sources.ts'
import { userScope } from '../platform/scopes/scope.ts'

export type ReadAnswer = { membership: MembershipRow; unread: Unread }

/** My read position moves forward only, and never past the newest message. It is a row of my own scope; the others get a signal. */
export async function markRead(ctx: Ctx, { chatId, seq }: Position): Promise<ReadAnswer> {
  const me = ctx.actor.userId
  const membership = await changeScopes(ctx, [userScope(me)], async (tx) => {
    const chat = await openChat(tx, chatId, 'read')
    const query = tx.db.selectFrom('members').select(membershipColumns)
    const row = await query.where('chat_id', '=', chatId).where('user_id', '=', me).executeTakeFirstOrThrow()
    const reachedSeq = Math.min(seq, await newestSeq(tx, chatId))
    if (reachedSeq <= row.read_seq && !row.unread_mark) return toMembership(row)
    const moved = await moveReadPosition(tx, chatId, Math.max(reachedSeq, row.read_seq))
    if (chat.member_count <= limits.positionsUpTo)
      tx.after.nudges.push(() => sendPositions(ctx, chatId, readPositions(chat, moved.readSeq)))
    return moved
  })
  return { membership, unread: await countUnread(ctx, chatId, me) }
}

async function moveReadPosition(tx: Tx, chatId: ChatId, readSeq: number): Promise<MembershipRow> {
  const me = tx.actor.userId
  const rev = await advance(tx, userScope(me))
  const row = await tx.db
    .updateTable('members')
    .set((eb) => ({
      rev,
      unread_mark: false,
      read_seq: readSeq,
      delivered_seq: eb.fn<number>('greatest', ['delivered_seq', eb.val(readSeq)]),
    }))
    .where('chat_id', '=', chatId)
    .where('user_id', '=', me)
    .returning(membershipColumns)
    .executeTakeFirstOrThrow()
  return toMembership(row)
}

function readPositions({ kind }: OpenChat, readSeq: number): Positions {
  return { read: readSeq, delivered: kind === 'direct' ? readSeq : 0 }
}

/** Exists in direct chats only. It is in no row that clients hold, so nothing is stamped. */
export async function markDelivered(ctx: Ctx, { chatId, seq }: Position): Promise<Record<string, never>> {
  const chat = await openChat(ctx, chatId, 'read')
  if (chat.kind !== 'direct') return {}
  const reachedSeq = sql<number>`least(${seq}, (select seq from scopes where id = ${chatId}))`
  const moved = await ctx.db
    .updateTable('members')
    .set({ delivered_seq: reachedSeq })
    .where('chat_id', '=', chatId)
    .where('user_id', '=', ctx.actor.userId)
    .where(sql<boolean>`delivered_seq < ${reachedSeq}`)
    .returning(['delivered_seq', 'read_seq'])
    .executeTakeFirst()
  if (moved) {
    const delivered = Math.max(moved.delivered_seq, moved.read_seq)
    sendPositions(ctx, chatId, { read: moved.read_seq, delivered })
  }
  return {}
}

export async function sendTyping(ctx: Ctx, { chatId }: Typing): Promise<Record<string, never>> {
  const chat = await openChat(ctx, chatId, 'post')
  if (chat.member_count > limits.typingUpTo) return {}
  const userId = ctx.actor.userId
  const signal = { kind: 'typing' as const, chatId, userId }
  ctx.hints.tell({ signal: { signal, chatIds: [chatId], userIds: [], except: userId } })
  return {}
}

function sendPositions(ctx: Ctx, chatId: ChatId, positions: Positions): void {
  const userId = ctx.actor.userId
  const signal = { kind: 'positions' as const, chatId, userId, ...positions }
  ctx.hints.tell({ signal: { signal, chatIds: [chatId], userIds: [], except: userId } })
}

async function newestSeq(ctx: Pick<Ctx, 'db'>, id: ChatId): Promise<number> {
  const { seq } = await ctx.db.selectFrom('scopes').select('seq').where('id', '=', id).executeTakeFirstOrThrow()
  return seq
}

/** The unread number with the revision at which it was counted, in one snapshot; no rows are read with it. */
async function countUnread(ctx: Ctx, id: ChatId, me: UserId): Promise<Unread> {
  const reading = { scope: 'chat' as const, id, from: 0, extras: chatView.extras(id, me) }
  const read = await rowsSince({ rowSources: [] }, ctx.db, reading)
  const view = read && chatView.viewFor(read.extras)
  if (!read || !view) fail('chat.not_found')
  return { unread: view.unread ?? 0, atRev: read.scopeRev }
}
