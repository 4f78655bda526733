import { type DialogId, newId, type UserId } from '@veche/shared/ids'
import type { ScopeAnswer } from '@veche/shared/live'
import type { OpenDirect } from '@veche/shared/schemas/dialogs'
import type { Ctx } from '../ctx.ts'
import { must } from '../errors.ts'
import { advanceAll, createScope, lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { insertMembers, refuseDisabled } from './memberships.ts'
import { answerDialog, dialogScope, orNoSuchUser, userScope } from './scopes.ts'

/** The dialog of two people: the one that is there, or a new one. The locks of both keep two askers from making two. */
export async function openDirect(ctx: Ctx, { userId }: OpenDirect): Promise<ScopeAnswer> {
  const me = ctx.actor.userId
  must(userId !== me, 'user.not_found')
  const pair: [UserId, UserId] = me < userId ? [me, userId] : [userId, me]
  const id = (await findDirect(ctx, pair)) ?? (await createDirect(ctx, pair, userId))
  return answerDialog(ctx, id)
}

async function findDirect(ctx: Pick<Ctx, 'db'>, pair: [UserId, UserId]): Promise<DialogId | undefined> {
  const found = await ctx.db
    .selectFrom('dialogs')
    .select('id')
    .where('direct_key', '=', pair.join(':'))
    .executeTakeFirst()
  return found?.id
}

async function createDirect(ctx: Ctx, pair: [UserId, UserId], other: UserId): Promise<DialogId> {
  return inTransaction(ctx, async (tx) => {
    await lockScopes(tx, pair.map(userScope)).catch(orNoSuchUser)
    const found = await findDirect(tx, pair)
    if (found) return found
    await refuseDisabled(tx, [other])
    const id = newId<DialogId>(ctx.clock.now())
    const rev = await createScope(tx, dialogScope(id))
    const row = { id, kind: 'direct' as const, direct_key: pair.join(':'), pair, member_count: 2, members_rev: rev }
    await tx.db
      .insertInto('dialogs')
      .values({ ...row, created_by: ctx.actor.userId, rev })
      .execute()
    const revs = await advanceAll(tx, pair.map(userScope))
    await insertMembers(tx, {
      dialogId: id,
      userIds: pair,
      role: 'member',
      sinceRev: rev,
      fromSeq: 0,
      readSeq: 0,
      revs,
    })
    return id
  })
}
