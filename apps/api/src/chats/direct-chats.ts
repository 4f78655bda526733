import { type ChatId, newId, type UserId } from '@veche/shared/ids'
import type { ScopeAnswer } from '@veche/shared/live'
import type { OpenDirect } from '@veche/shared/schemas/chats'
import type { Ctx, Tx } from '../ctx.ts'
import { must } from '../errors.ts'
import { advanceAll, changeScopes, createScope } from '../platform/scopes/changes.ts'
import { chatScope, userScope } from '../platform/scopes/scope.ts'
import { orUserNotFound } from './access.ts'
import { insertMembers, requireEnabled } from './membership-rows.ts'
import { answerChat } from './view.ts'

type Pair = [UserId, UserId]

/** The chat of two people: the one that exists, or a new one. */
export async function openDirect(ctx: Ctx, { userId }: OpenDirect): Promise<ScopeAnswer> {
  const me = ctx.actor.userId
  must(userId !== me, 'user.not_found')
  const pair: Pair = me < userId ? [me, userId] : [userId, me]
  const id = (await findDirect(ctx, pair)) ?? (await createDirect(ctx, pair, userId))
  return answerChat(ctx, id)
}

async function findDirect(ctx: Pick<Ctx, 'db'>, pair: Pair): Promise<ChatId | undefined> {
  const query = ctx.db.selectFrom('chats').select('id')
  const found = await query.where('direct_key', '=', pair.join(':')).executeTakeFirst()
  return found?.id
}

/** Both people are locked, so that two requests at the same time do not make two chats. */
function createDirect(ctx: Ctx, pair: Pair, other: UserId): Promise<ChatId> {
  const [one, two] = pair
  return changeScopes(ctx, [userScope(one), userScope(two)], async (tx) => {
    const found = await findDirect(tx, pair)
    if (found) return found
    await requireEnabled(tx, [other])
    return insertDirect(tx, pair)
  }).catch(orUserNotFound)
}

async function insertDirect(tx: Tx, pair: Pair): Promise<ChatId> {
  const id = newId<ChatId>(tx.clock.now())
  const rev = await createScope(tx, chatScope(id))
  const row = { id, kind: 'direct' as const, direct_key: pair.join(':'), pair, member_count: 2, members_rev: rev, rev }
  await tx.db
    .insertInto('chats')
    .values({ ...row, created_by: tx.actor.userId })
    .execute()
  const revs = await advanceAll(tx, pair.map(userScope))
  const membership = {
    chatId: id,
    role: 'member' as const,
    sinceRev: rev,
    fromSeq: 0,
    joinedSeq: 0,
    readSeq: 0,
    unreadMark: false,
  }
  await insertMembers(tx, { ...membership, userIds: pair, revs })
  return id
}
