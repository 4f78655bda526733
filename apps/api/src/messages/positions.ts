import type { ChatId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Positions } from '@veche/shared/live'
import type { Position, Typing } from '@veche/shared/schemas/messages'
import { sql } from 'kysely'
import { openChat } from '../chats/access.ts'
import type { Ctx } from '../ctx.ts'

/** Delivery is reported in direct chats only. It is in no row that clients hold, so no row gets a new revision. */
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

export function sendPositions(ctx: Ctx, chatId: ChatId, positions: Positions): void {
  const userId = ctx.actor.userId
  const signal = { kind: 'positions' as const, chatId, userId, ...positions }
  ctx.hints.tell({ signal: { signal, chatIds: [chatId], userIds: [], except: userId } })
}
