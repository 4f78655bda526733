import type { MembershipRow } from '@veche/shared/rows/rows'
import type { SetMine } from '@veche/shared/schemas/chats'
import type { Ctx } from '../ctx.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { openChat } from './access.ts'
import { membershipColumns, toMembership } from './rows.ts'
import { userScope } from '../platform/scopes/scope.ts'

/** Changes what only I see of my membership: it lives in my user scope, so no other person is told. */
export async function setMine(
  ctx: Ctx,
  { chatId, notify, pinned, unreadMark }: SetMine,
): Promise<{ membership: MembershipRow }> {
  const me = ctx.actor.userId
  return changeScopes(ctx, [userScope(me)], async (tx) => {
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
