import type { ChatId, UserId } from '@veche/shared/ids'
import type { ScopeAnswer } from '@veche/shared/live'
import type { ChatRow } from '@veche/shared/rows/rows'
import type { Configure, CreateGroup, Rename } from '@veche/shared/schemas/chats'
import type { Ctx, Tx } from '../ctx.ts'
import { fail } from '../errors.ts'
import { isUniqueViolation } from '../platform/db.ts'
import { advance, advanceAll, changeScopes, createScope } from '../platform/scopes/changes.ts'
import { chatScope, userScope } from '../platform/scopes/scope.ts'
import { openChat, orChatNotFound, orUserNotFound } from './access.ts'
import { insertMembers, requireEnabled } from './membership-rows.ts'
import { countAddedMembers } from './members.ts'
import { stampChat, toChat } from './rows.ts'
import { addSystemMessage } from './system-messages.ts'
import { answerChat } from './view.ts'

/** A repeated request with the same id gets the group of the lost answer. */
export async function createGroup(ctx: Ctx, { id, title, userIds }: CreateGroup): Promise<ScopeAnswer> {
  const me = ctx.actor.userId
  const others = [...new Set(userIds)].filter((userId) => userId !== me)
  const count = (await isMyGroup(ctx, id)) === null ? others.length : 0
  await countAddedMembers(ctx, count, (noteAdded) =>
    changeScopes(ctx, [userScope(me), ...others.map(userScope)], async (tx) => {
      const isNew = await createGroupUnderLock(tx, { id, title, others })
      noteAdded(isNew ? others.length : 0)
    }).catch(orUserNotFound),
  )
  return answerChat(ctx, id)
}

export async function renameChat(ctx: Ctx, { chatId, title }: Rename): Promise<{ chat: ChatRow }> {
  return changeScopes(ctx, [chatScope(chatId)], async (tx) => {
    const chat = await openChat(tx, chatId, 'rename')
    if (chat.title === title) return { chat: toChat(chat) }
    const rev = await advance(tx, chatScope(chatId))
    await addSystemMessage(tx, chatId, rev, { event: 'renamed', title })
    return { chat: await stampChat(tx, chatId, { title, rev }) }
  }).catch(orChatNotFound)
}

export async function configureChat(ctx: Ctx, { chatId, historyForNew }: Configure): Promise<{ chat: ChatRow }> {
  return changeScopes(ctx, [chatScope(chatId)], async (tx) => {
    await openChat(tx, chatId, 'configure')
    const rev = await advance(tx, chatScope(chatId))
    return { chat: await stampChat(tx, chatId, { history_for_new: historyForNew, rev }) }
  }).catch(orChatNotFound)
}

type NewGroup = { id: ChatId; title: string; others: UserId[]; meetingOnly?: true }

/** The same within a larger change that has locked me and the others. Says whether the group was made now; it is mine in either case. */
export async function createGroupUnderLock(tx: Tx, { id, title, others, meetingOnly }: NewGroup): Promise<boolean> {
  const me = tx.actor.userId
  const isMine = await isMyGroup(tx, id)
  if (isMine === false) fail('chat.id_taken')
  if (isMine) return false
  await requireEnabled(tx, others)
  const rev = await createScope(tx, chatScope(id)).catch(orIdTaken)
  const row = { id, kind: 'group' as const, title, member_count: others.length + 1, members_rev: rev, rev }
  await tx.db
    .insertInto('chats')
    .values({ ...row, created_by: me, meeting_only: meetingOnly ?? false })
    .execute()
  const revs = await advanceAll(tx, [me, ...others].map(userScope))
  const joinedSeq = await addSystemMessage(tx, id, rev, { event: 'created', title })
  const membership = { chatId: id, sinceRev: rev, fromSeq: 0, joinedSeq, readSeq: 0, revs }
  await insertMembers(tx, { ...membership, userIds: others, role: 'member', unreadMark: true })
  await insertMembers(tx, { ...membership, userIds: [me], role: 'owner', unreadMark: false })
  return true
}

/** Null when the id is free; otherwise whether it is the id of a group that I made. */
async function isMyGroup(tx: Pick<Ctx, 'db' | 'actor'>, id: ChatId): Promise<boolean | null> {
  const scope = await tx.db.selectFrom('scopes').select('id').where('id', '=', id).executeTakeFirst()
  if (!scope) return null
  const chat = await tx.db.selectFrom('chats').select(['created_by', 'kind']).where('id', '=', id).executeTakeFirst()
  return chat?.kind === 'group' && chat.created_by === tx.actor.userId
}

/** The id was free a moment ago, and another request took it meanwhile. */
function orIdTaken(error: unknown): never {
  if (isUniqueViolation(error)) fail('chat.id_taken')
  throw error
}
