import type { ChatId, MeetingId, UserId } from '@veche/shared/ids'
import type { ScopeAnswer } from '@veche/shared/live'
import type { ChatRow } from '@veche/shared/rows/rows'
import type { Ctx, Tx } from '../ctx.ts'
import { fail } from '../errors.ts'
import { answerScope } from '../platform/scope-views.ts'
import type { Scope } from '../platform/scopes.ts'
import { chatColumns, toChat } from './rows.ts'

export const chatScope = (id: ChatId): Scope => ({ kind: 'chat', id })
export const userScope = (id: UserId): Scope => ({ kind: 'user', id })

/** The chat as I see it now, with its newest page. */
export async function answerChat(ctx: Ctx, id: ChatId): Promise<ScopeAnswer> {
  return answerScope(ctx, ctx.db, { scope: 'chat', id, since: 0, viewer: ctx.actor.userId })
}

/** Writes the chat's own row, stamped. */
export async function stampChat(
  tx: Pick<Tx, 'db'>,
  id: ChatId,
  values: {
    rev: number
    title?: string
    history_for_new?: boolean
    member_count?: number
    members_rev?: number
    live_meeting_id?: MeetingId | null
  },
): Promise<ChatRow> {
  const query = tx.db.updateTable('chats').set(values).where('id', '=', id).returning(chatColumns)
  return toChat(await query.executeTakeFirstOrThrow())
}

/** A scope that is not there is a chat that is not there: unknown and foreign ids look the same. */
export function orNotFound(error: unknown): never {
  if (error instanceof Error && error.message === 'scope.not_found') fail('chat.not_found')
  throw error
}

export function orNoSuchUser(error: unknown): never {
  if (error instanceof Error && error.message === 'scope.not_found') fail('user.not_found')
  throw error
}
