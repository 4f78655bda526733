import { type ChatId, newId, type UserId } from '@veche/shared/ids'
import type { ScopeAnswer } from '@veche/shared/live'
import type { OpenDirect } from '@veche/shared/schemas/chats'
import type { Ctx } from '../ctx.ts'
import { must } from '../errors.ts'
import { advanceAll, createScope, lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { insertMembers, refuseDisabled } from './memberships.ts'
import { answerChat, chatScope, orNoSuchUser, userScope } from './scopes.ts'

/** The chat of two people: the one that is there, or a new one. The locks of both keep two askers from making two. */
export async function openDirect(ctx: Ctx, { userId }: OpenDirect): Promise<ScopeAnswer> {
  const me = ctx.actor.userId
  must(userId !== me, 'user.not_found')
  const pair: [UserId, UserId] = me < userId ? [me, userId] : [userId, me]
  const id = (await findDirect(ctx, pair)) ?? (await createDirect(ctx, pair, userId))
  return answerChat(ctx, id)
}

async function findDirect(ctx: Pick<Ctx, 'db'>, pair: [UserId, UserId]): Promise<ChatId | undefined> {
  const found = await ctx.db
    .selectFrom('chats')
    .select('id')
    .where('direct_key', '=', pair.join(':'))
    .executeTakeFirst()
  return found?.id
}

async function createDirect(ctx: Ctx, pair: [UserId, UserId], other: UserId): Promise<ChatId> {
  return inTransaction(ctx, async (tx) => {
    await lockScopes(tx, pair.map(userScope)).catch(orNoSuchUser)
    const found = await findDirect(tx, pair)
    if (found) return found
    await refuseDisabled(tx, [other])
    const id = newId<ChatId>(ctx.clock.now())
    const rev = await createScope(tx, chatScope(id))
    const row = { id, kind: 'direct' as const, direct_key: pair.join(':'), pair, member_count: 2, members_rev: rev }
    await tx.db
      .insertInto('chats')
      .values({ ...row, created_by: ctx.actor.userId, rev })
      .execute()
    const revs = await advanceAll(tx, pair.map(userScope))
    await insertMembers(tx, {
      chatId: id,
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
