import type { ChatId } from '@veche/shared/ids'
import type { ScopeAnswer } from '@veche/shared/live'
import type { ChatRow } from '@veche/shared/rows/rows'
import type { Configure, CreateGroup, Rename } from '@veche/shared/schemas/chats'
import type { Ctx, Tx } from '../ctx.ts'
import { fail } from '../errors.ts'
import { advance, advanceAll, changeScope, createScope, lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { openChat } from './access.ts'
import { insertMembers, refuseDisabled } from './memberships.ts'
import { toChat } from './rows.ts'
import { answerChat, chatScope, orNoSuchUser, stampChat, userScope } from './scopes.ts'
import { addSystemMessage } from './system-messages.ts'

/** Asked again with the same id, it answers the group that the lost answer spoke of. */
export async function createGroup(ctx: Ctx, { id, title, userIds }: CreateGroup): Promise<ScopeAnswer> {
  await inTransaction(ctx, (tx) => makeGroup(tx, { id, title, userIds }))
  return answerChat(ctx, id)
}

/** Says whether it was made now; it is mine in either case. */
export async function makeGroup(tx: Tx, { id, title, userIds }: CreateGroup): Promise<boolean> {
  const me = tx.actor.userId
  const others = [...new Set(userIds)].filter((userId) => userId !== me)
  await lockScopes(tx, [me, ...others].map(userScope)).catch(orNoSuchUser)
  const mine = await idIsMine(tx, id)
  if (mine === false) fail('chat.id_taken')
  if (mine) return false
  await refuseDisabled(tx, others)
  const rev = await createScope(tx, chatScope(id)).catch(orTaken)
  const row = { id, kind: 'group' as const, title, member_count: others.length + 1, members_rev: rev, rev }
  await tx.db
    .insertInto('chats')
    .values({ ...row, created_by: me })
    .execute()
  const revs = await advanceAll(tx, [me, ...others].map(userScope))
  const place = { chatId: id, sinceRev: rev, fromSeq: 0, readSeq: 0, revs }
  await insertMembers(tx, { ...place, userIds: others, role: 'member' })
  await insertMembers(tx, { ...place, userIds: [me], role: 'owner' })
  await addSystemMessage(tx, id, rev, { event: 'created', title })
  return true
}

export async function renameChat(ctx: Ctx, { chatId, title }: Rename): Promise<{ chat: ChatRow }> {
  return changeScope(ctx, chatScope(chatId), async (tx) => {
    const chat = await openChat(tx, chatId, 'rename')
    if (chat.title === title) return { chat: toChat(chat) }
    const rev = await advance(tx, chatScope(chatId))
    await addSystemMessage(tx, chatId, rev, { event: 'renamed', title })
    return { chat: await stampChat(tx, chatId, { title, rev }) }
  })
}

export async function configureChat(ctx: Ctx, { chatId, historyForNew }: Configure): Promise<{ chat: ChatRow }> {
  return changeScope(ctx, chatScope(chatId), async (tx) => {
    await openChat(tx, chatId, 'configure')
    const rev = await advance(tx, chatScope(chatId))
    return { chat: await stampChat(tx, chatId, { history_for_new: historyForNew, rev }) }
  })
}

/** Null when the id is free; otherwise whether it was I who took it, for a group. */
async function idIsMine(tx: Tx, id: ChatId): Promise<boolean | null> {
  const scope = await tx.db.selectFrom('scopes').select('id').where('id', '=', id).executeTakeFirst()
  if (!scope) return null
  const chat = await tx.db.selectFrom('chats').select(['created_by', 'kind']).where('id', '=', id).executeTakeFirst()
  return chat?.kind === 'group' && chat.created_by === tx.actor.userId
}

/** Somebody else took the id after it was looked for, and was sooner. */
function orTaken(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === '23505') fail('chat.id_taken')
  throw error
}
