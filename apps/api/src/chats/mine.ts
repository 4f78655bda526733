import type { MembershipRow } from '@veche/shared/rows/rows'
import type { SetMine } from '@veche/shared/schemas/chats'
import type { Ctx } from '../ctx.ts'
import { advance, changeScope } from '../platform/scopes.ts'
import { openChat } from './access.ts'
import { membershipColumns, toMembership } from './rows.ts'
import { userScope } from './scopes.ts'

/** What is mine alone: it lives in my user scope, and nobody else is told. */
export async function setMine(
  ctx: Ctx,
  { chatId, notify, pinned, unreadMark }: SetMine,
): Promise<{ membership: MembershipRow }> {
  const me = ctx.actor.userId
  return changeScope(ctx, userScope(me), async (tx) => {
    await openChat(tx, chatId, 'read')
    const rev = await advance(tx, userScope(me))
    const row = await tx.db
      .updateTable('members')
      .set((eb) => ({
        rev,
        ...(notify === undefined ? {} : { notify }),
        ...(pinned === undefined ? {} : { pinned_at: pinned ? eb.fn<Date>('veche_now') : null }),
        ...(unreadMark === undefined ? {} : { unread_mark: unreadMark }),
      }))
      .where('chat_id', '=', chatId)
      .where('user_id', '=', me)
      .returning(membershipColumns)
      .executeTakeFirstOrThrow()
    return { membership: toMembership(row) }
  })
}
