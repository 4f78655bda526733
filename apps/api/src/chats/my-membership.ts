import type { DB } from '@veche/db/types.gen'
import type { ChatId } from '@veche/shared/ids'
import type { MembershipRow } from '@veche/shared/rows/rows'
import type { SetMine } from '@veche/shared/schemas/chats'
import type { Updateable } from 'kysely'
import type { Ctx, Tx } from '../ctx.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { sqlNow } from '../platform/clock.ts'
import { openChat } from './access.ts'
import { membershipColumns, toMembership } from './rows.ts'
import { userScope } from '../platform/scopes/scope.ts'

/**
 * Changes what only I see of my membership: it lives in my user scope, so no other person is told. A request may come twice, or hours
 * later from a device that had no network. So the latest decision on each setting wins, and not the request that arrives last.
 */
export async function setMine(ctx: Ctx, input: SetMine): Promise<{ membership: MembershipRow }> {
  const me = ctx.actor.userId
  return changeScopes(ctx, [userScope(me)], async (tx) => {
    await openChat(tx, input.chatId, 'read')
    const mine = await findMine(tx, input.chatId)
    const changes = newerChanges(mine, input)
    if (Object.keys(changes).length === 0) return { membership: toMembership(mine) }
    const rev = await advance(tx, userScope(me))
    const row = await tx.db
      .updateTable('members')
      .set({ ...changes, rev })
      .where('chat_id', '=', input.chatId)
      .where('user_id', '=', me)
      .returning(membershipColumns)
      .executeTakeFirstOrThrow()
    return { membership: toMembership(row) }
  })
}

type MyMembership = Awaited<ReturnType<typeof findMine>>

function findMine(tx: Tx, chatId: ChatId) {
  return tx.db
    .selectFrom('members')
    .select([...membershipColumns, 'notify_set_at', 'pinned_set_at', 'unread_mark_set_at', sqlNow.as('now')])
    .where('chat_id', '=', chatId)
    .where('user_id', '=', tx.actor.userId)
    .executeTakeFirstOrThrow()
}

/** A time in the future counts as now; otherwise it would win against every later decision. */
function newerChanges(mine: MyMembership, input: SetMine): Updateable<DB['members']> {
  const { decidedAt, notify, pinned, unreadMark } = input
  const now = mine.now.getTime()
  const at = new Date(decidedAt ? Math.min(Date.parse(decidedAt), now) : now)
  const isNewer = (before: Date | null) => !decidedAt || !before || before < at
  return {
    ...(notify !== undefined && isNewer(mine.notify_set_at) && { notify, notify_set_at: at }),
    ...(pinned !== undefined && isNewer(mine.pinned_set_at) && { pinned_at: pinned ? at : null, pinned_set_at: at }),
    ...(unreadMark !== undefined &&
      isNewer(mine.unread_mark_set_at) && { unread_mark: unreadMark, unread_mark_set_at: at }),
  }
}
