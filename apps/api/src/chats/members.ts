import type { ChatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { type ChatRole, mayRemoveFromGroup } from '@veche/shared/permissions'
import type { ChatRow, PersonRow, SystemEvent } from '@veche/shared/rows/rows'
import type { AddMembers, MembersPage, OneChat, RemoveMember, SetRole } from '@veche/shared/schemas/chats'
import { sql } from 'kysely'
import type { Ctx, Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { columnsOf } from '../platform/columns.ts'
import { advance, advanceAll, lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { personColumns, toPerson } from '../users/rows.ts'
import { type OpenChat, openChat } from './access.ts'
import { endMembership, insertMembers, notYetIn, refuseDisabled, refuseLastOwner } from './memberships.ts'
import { toChat } from './rows.ts'
import { chatScope, orNotFound, stampChat, userScope } from './scopes.ts'
import { addSystemMessage } from './system-messages.ts'

export type MembersAnswer = {
  members: { person: PersonRow; role: ChatRole }[]
  next: string | null
  membersRev: number
}

/** Members are paged, not synced: owners and moderators first, then by name. */
export async function membersPage(ctx: Ctx, { chatId, query, cursor, limit }: MembersPage): Promise<MembersAnswer> {
  const chat = await openChat(ctx, chatId, 'read')
  const skip = cursor ? Number.parseInt(cursor, 10) : 0
  must(Number.isSafeInteger(skip) && skip >= 0, 'input.invalid')
  const rows = await ctx.db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(columnsOf('users', personColumns))
    .select('members.role as place')
    .where('members.chat_id', '=', chatId)
    .where('members.left_at', 'is', null)
    .$if(Boolean(query), (builder) =>
      builder.where(sql<boolean>`strpos(lower(users.name || ' ' || users.handle), lower(${query})) > 0`),
    )
    .orderBy(sql`array_position('{owner,moderator,member}'::text[], members.role)`)
    .orderBy(sql`lower(users.name)`)
    .orderBy('users.id')
    .offset(skip)
    .limit(limit + 1)
    .execute()
  const members = rows.slice(0, limit).map(({ place, ...person }) => ({ person: toPerson(person), role: place }))
  return { members, next: rows.length > limit ? String(skip + limit) : null, membersRev: chat.members_rev }
}

export async function addMembers(ctx: Ctx, { chatId, userIds }: AddMembers): Promise<{ chat: ChatRow }> {
  const asked = [...new Set(userIds)]
  return inTransaction(ctx, async (tx) => {
    await lockScopes(tx, [chatScope(chatId), ...asked.map(userScope)]).catch((error) => orHidden(tx, chatId, error))
    const chat = await openChat(tx, chatId, 'addMembers')
    await refuseDisabled(tx, asked)
    const fresh = await notYetIn(tx, chatId, asked)
    if (fresh.length === 0) return { chat: toChat(chat) }
    return { chat: await admit(tx, chat, fresh, { event: 'added', userIds: fresh }) }
  })
}

/** These people become members; the scope of the chat and their own are locked, and the right was checked. */
async function admit(
  tx: Tx,
  chat: Pick<OpenChat, 'id' | 'member_count' | 'history_for_new'>,
  userIds: UserId[],
  event: SystemEvent,
): Promise<ChatRow> {
  const { id } = chat
  must(chat.member_count + userIds.length <= limits.group.members, 'chat.full')
  const rev = await advance(tx, chatScope(id))
  const seq = await addSystemMessage(tx, id, rev, event)
  const revs = await advanceAll(tx, userIds.map(userScope))
  const fromSeq = chat.history_for_new ? 0 : seq
  await insertMembers(tx, { chatId: id, userIds, role: 'member', sinceRev: rev, fromSeq, readSeq: seq, revs })
  const member_count = chat.member_count + userIds.length
  return stampChat(tx, id, { member_count, members_rev: rev, rev })
}

/** I become a member by my own will, where an open door was found for me. The chat's scope and mine are locked. */
export async function joinGroup(tx: Tx, chatId: ChatId): Promise<void> {
  const query = tx.db.selectFrom('chats').select(['id', 'member_count', 'history_for_new'])
  const chat = await query.where('id', '=', chatId).where('kind', '=', 'group').executeTakeFirst()
  if (!chat) fail('chat.not_found')
  await admit(tx, chat, [tx.actor.userId], { event: 'joined' })
}

export async function removeMember(ctx: Ctx, { chatId, userId }: RemoveMember): Promise<{ chat: ChatRow }> {
  return withMember(ctx, { chatId, userId }, 'removeMembers', async (tx, chat, role) => {
    must(userId !== ctx.actor.userId, 'chat.forbidden')
    must(mayRemoveFromGroup(chat.mine.role, role), 'chat.forbidden')
    const rev = await advance(tx, chatScope(chatId))
    await addSystemMessage(tx, chatId, rev, { event: 'removed', userId })
    await endMembership(tx, { chatId, userId, was_removed: true })
    return { chat: await stampChat(tx, chatId, { member_count: chat.member_count - 1, members_rev: rev, rev }) }
  })
}

export async function setRole(ctx: Ctx, { chatId, userId, role }: SetRole): Promise<{ chat: ChatRow }> {
  return withMember(ctx, { chatId, userId }, 'setRoles', async (tx, chat, before) => {
    if (before === role) return { chat: toChat(chat) }
    if (before === 'owner') await refuseLastOwner(tx, chatId)
    const rev = await advance(tx, chatScope(chatId))
    await addSystemMessage(tx, chatId, rev, { event: 'role', userId, role })
    const own = await advance(tx, userScope(userId))
    const place = tx.db.updateTable('members').set({ role, rev: own })
    await place.where('chat_id', '=', chatId).where('user_id', '=', userId).execute()
    return { chat: await stampChat(tx, chatId, { members_rev: rev, rev }) }
  })
}

export async function leaveChat(ctx: Ctx, { chatId }: OneChat): Promise<Record<string, never>> {
  const me = ctx.actor.userId
  await inTransaction(ctx, async (tx) => {
    await lockScopes(tx, [chatScope(chatId), userScope(me)]).catch(orNotFound)
    const chat = await openChat(tx, chatId, 'leave')
    if (chat.mine.role === 'owner' && chat.member_count > 1) await refuseLastOwner(tx, chatId)
    const rev = await advance(tx, chatScope(chatId))
    await addSystemMessage(tx, chatId, rev, { event: 'left' })
    await endMembership(tx, { chatId, userId: me, was_removed: false })
    await stampChat(tx, chatId, { member_count: chat.member_count - 1, members_rev: rev, rev })
  })
  return {}
}

type WithMember = (tx: Tx, chat: OpenChat, role: ChatRole) => Promise<{ chat: ChatRow }>

/** Both scopes are locked, my right is checked, and the other person is a member at this moment. */
async function withMember(
  ctx: Ctx,
  { chatId, userId }: RemoveMember,
  action: 'removeMembers' | 'setRoles',
  fn: WithMember,
) {
  return inTransaction(ctx, async (tx) => {
    await lockScopes(tx, [chatScope(chatId), userScope(userId)]).catch((error) => orHidden(tx, chatId, error))
    const chat = await openChat(tx, chatId, action)
    const member = await tx.db
      .selectFrom('members')
      .select('role')
      .where('chat_id', '=', chatId)
      .where('user_id', '=', userId)
      .where('left_at', 'is', null)
      .executeTakeFirst()
    if (!member) fail('user.not_found')
    return fn(tx, chat, member.role)
  })
}

/** One of the scopes is missing. Which one may be said only to somebody who may see the chat. */
async function orHidden(tx: Tx, chatId: ChatId, error: unknown): Promise<never> {
  const missing = error instanceof Error && error.message === 'scope.not_found'
  if (!missing) throw error
  await openChat(tx, chatId, 'read').catch(orNotFound)
  return fail('user.not_found')
}
