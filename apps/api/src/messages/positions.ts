import type { ChatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Positions, Unread } from '@veche/shared/live'
import type { MembershipRow } from '@veche/shared/rows/rows'
import type { Position, Typing } from '@veche/shared/schemas/messages'
import { sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { openChat } from '../chats/access.ts'
import { userScope } from '../chats/scopes.ts'
import { membershipColumns, toMembership } from '../chats/rows.ts'
import { chatView } from '../chats/view.ts'
import { fail } from '../errors.ts'
import { rowsSince } from '../platform/row-sources.ts'
import { advance, changeScope } from '../platform/scopes.ts'

export type ReadAnswer = { membership: MembershipRow; unread: Unread }

/** My position only moves forward, and never past what there is. It is a row of my own scope; the others get a signal. */
export async function markRead(ctx: Ctx, { chatId, seq }: Position): Promise<ReadAnswer> {
  const me = ctx.actor.userId
  const membership = await changeScope(ctx, userScope(me), async (tx) => {
    const chat = await openChat(tx, chatId, 'read')
    const own = tx.db
      .selectFrom('members')
      .select(membershipColumns)
      .where('chat_id', '=', chatId)
      .where('user_id', '=', me)
    const row = await own.executeTakeFirstOrThrow()
    const reached = Math.min(seq, await newestSeq(tx, chatId))
    if (reached <= row.read_seq && !row.unread_mark) return toMembership(row)
    const rev = await advance(tx, userScope(me))
    const read_seq = Math.max(reached, row.read_seq)
    const moved = await tx.db
      .updateTable('members')
      .set((eb) => ({
        rev,
        unread_mark: false,
        read_seq,
        delivered_seq: eb.fn<number>('greatest', ['delivered_seq', eb.val(read_seq)]),
      }))
      .where('chat_id', '=', chatId)
      .where('user_id', '=', me)
      .returning(membershipColumns)
      .executeTakeFirstOrThrow()
    if (chat.member_count <= limits.positionsUpTo) {
      tx.after.nudges.push(() =>
        tellPosition(ctx, chatId, { read: read_seq, delivered: chat.kind === 'direct' ? read_seq : 0 }),
      )
    }
    return toMembership(moved)
  })
  return { membership, unread: await unreadOf(ctx, chatId, me) }
}

/** Exists in direct chats only; it is no row of anybody's, so nothing is stamped. */
export async function markDelivered(ctx: Ctx, { chatId, seq }: Position): Promise<Record<string, never>> {
  const chat = await openChat(ctx, chatId, 'read')
  if (chat.kind !== 'direct') return {}
  const moved = await ctx.db
    .updateTable('members')
    .set({ delivered_seq: sql<number>`least(${seq}, (select seq from scopes where id = ${chatId}))` })
    .where('chat_id', '=', chatId)
    .where('user_id', '=', ctx.actor.userId)
    .where(sql<boolean>`delivered_seq < least(${seq}, (select seq from scopes where id = ${chatId}))`)
    .returning(['delivered_seq', 'read_seq'])
    .executeTakeFirst()
  if (moved)
    tellPosition(ctx, chatId, { read: moved.read_seq, delivered: Math.max(moved.delivered_seq, moved.read_seq) })
  return {}
}

export async function tellTyping(ctx: Ctx, { chatId }: Typing): Promise<Record<string, never>> {
  await openChat(ctx, chatId, 'post')
  const userId = ctx.actor.userId
  ctx.hints.tell({
    signal: { signal: { kind: 'typing', chatId, userId }, chatIds: [chatId], userIds: [], except: userId },
  })
  return {}
}

function tellPosition(ctx: Ctx, chatId: ChatId, positions: Positions): void {
  const userId = ctx.actor.userId
  const signal = { kind: 'positions' as const, chatId, userId, ...positions }
  ctx.hints.tell({ signal: { signal, chatIds: [chatId], userIds: [], except: userId } })
}

async function newestSeq(ctx: Pick<Ctx, 'db'>, id: ChatId): Promise<number> {
  const { seq } = await ctx.db.selectFrom('scopes').select('seq').where('id', '=', id).executeTakeFirstOrThrow()
  return seq
}

/** The number with the revision at which it was counted, in one snapshot. */
async function unreadOf(ctx: Ctx, id: ChatId, me: UserId): Promise<Unread> {
  const reading = { scope: 'chat' as const, id, from: Number.MAX_SAFE_INTEGER, extras: chatView.extras(id, me) }
  const read = await rowsSince(ctx, ctx.db, reading)
  const view = read && chatView.judge(read.extras)
  if (!read || !view) fail('chat.not_found')
  return { unread: view.unread ?? 0, atRev: read.scopeRev }
}
