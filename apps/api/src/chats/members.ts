import type { ChatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { type ChatRole, isAdmin, mayRemoveFromGroup } from '@veche/shared/permissions'
import type { ChatRow, PersonRow, SystemEvent } from '@veche/shared/rows/rows'
import type { AddMembers, MembersPage, OneChat, RemoveMember, SetRole } from '@veche/shared/schemas/chats'
import { sql } from 'kysely'
import type { Ctx, Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { columnsOf } from '../platform/columns.ts'
import { advance, advanceAll, changeScopes, isMissingScope } from '../platform/scopes/changes.ts'
import { isCurrentMember } from '../platform/scopes/members.ts'
import { chatScope, userScope } from '../platform/scopes/scope.ts'
import { personColumns, toPerson } from '../users/rows.ts'
import { type OpenChat, openChat, orChatNotFound } from './access.ts'
import { endMembership, insertMembers, requireAnotherOwner, requireEnabled, withoutMembers } from './membership-rows.ts'
import { stampChat, toChat } from './rows.ts'
import { addSystemMessage } from './system-messages.ts'

export type MembersAnswer = {
  members: { person: PersonRow; role: ChatRole }[]
  next: string | null
  membersRev: number
}

/** Members are paged and not synced: owners and moderators first, then by name. */
export async function membersPage(ctx: Ctx, { chatId, query, cursor, limit }: MembersPage): Promise<MembersAnswer> {
  const chat = await openChat(ctx, chatId, 'read')
  const skip = cursor ? Number.parseInt(cursor, 10) : 0
  must(Number.isSafeInteger(skip) && skip >= 0, 'input.invalid')
  const rows = await ctx.db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(columnsOf('users', personColumns))
    .select('members.role as chat_role')
    .where('members.chat_id', '=', chatId)
    .where(isCurrentMember('members'))
    .$if(Boolean(query), (builder) =>
      builder.where(sql<boolean>`strpos(lower(users.name || ' ' || users.handle), lower(${query})) > 0`),
    )
    .orderBy(sql`array_position('{owner,moderator,member}'::text[], members.role)`)
    .orderBy(sql`lower(users.name)`)
    .orderBy('users.id')
    .offset(skip)
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  const members = page.map(({ chat_role, ...person }) => ({ person: toPerson(person), role: chat_role }))
  return { members, next: rows.length > limit ? String(skip + limit) : null, membersRev: chat.members_rev }
}

export async function addMembers(ctx: Ctx, { chatId, userIds }: AddMembers): Promise<{ chat: ChatRow }> {
  const asked = [...new Set(userIds)]
  return countAddedMembers(ctx, asked.length, (noteAdded) =>
    changeScopes(ctx, [chatScope(chatId), ...asked.map(userScope)], async (tx) => {
      const chat = await openChat(tx, chatId, 'addMembers')
      await requireEnabled(tx, asked)
      const added = await withoutMembers(tx, chatId, asked)
      noteAdded(added.length)
      if (added.length === 0) return { chat: toChat(chat) }
      return { chat: await addUnderLock(tx, chat, added, { event: 'added', userIds: added }) }
    }).catch((error) => failMissing(ctx, chatId, error)),
  )
}

/**
 * Counts the people whom the actor adds by `add` against the rate limit. `add` notes how many of them were new, and only these stay
 * counted; when it fails, nobody does. Administrators are not limited, because they make the group of everybody.
 */
export async function countAddedMembers<T>(
  { actor, limits: rateLimits }: Ctx,
  count: number,
  add: (noteAdded: (count: number) => void) => Promise<T>,
): Promise<T> {
  let added = 0
  const noteAdded = (noted: number) => void (added = noted)
  if (isAdmin(actor.role)) return add(noteAdded)
  await rateLimits.takeAddedMembers(actor.userId, count)
  try {
    const answer = await add(noteAdded)
    await rateLimits.giveBackAddedMembers(actor.userId, count - added)
    return answer
  } catch (error) {
    await rateLimits.giveBackAddedMembers(actor.userId, count)
    throw error
  }
}

/** Makes the actor a member, by a meeting link that is open to everyone. The scopes of the chat and of the actor are locked. */
export async function joinGroupUnderLock(tx: Tx, chatId: ChatId): Promise<void> {
  const query = tx.db.selectFrom('chats').select(['id', 'member_count', 'history_for_new'])
  const chat = await query.where('id', '=', chatId).where('kind', '=', 'group').executeTakeFirst()
  if (!chat) fail('chat.not_found')
  await addUnderLock(tx, chat, [tx.actor.userId], { event: 'joined' })
}

export async function removeMember(ctx: Ctx, { chatId, userId }: RemoveMember): Promise<{ chat: ChatRow }> {
  return changeMember(ctx, { chatId, userId }, 'removeMembers', async (tx, chat, role) => {
    must(userId !== ctx.actor.userId, 'chat.forbidden')
    must(mayRemoveFromGroup(chat.mine.role, role), 'chat.forbidden')
    const rev = await advance(tx, chatScope(chatId))
    await addSystemMessage(tx, chatId, rev, { event: 'removed', userId })
    await endMembership(tx, { chatId, userId, was_removed: true })
    return { chat: await stampChat(tx, chatId, { member_count: chat.member_count - 1, members_rev: rev, rev }) }
  })
}

export async function setRole(ctx: Ctx, { chatId, userId, role }: SetRole): Promise<{ chat: ChatRow }> {
  return changeMember(ctx, { chatId, userId }, 'setRoles', async (tx, chat, before) => {
    if (before === role) return { chat: toChat(chat) }
    if (before === 'owner') await requireAnotherOwner(tx, chatId, userId)
    const rev = await advance(tx, chatScope(chatId))
    await addSystemMessage(tx, chatId, rev, { event: 'role', userId, role })
    const userRev = await advance(tx, userScope(userId))
    const membership = tx.db.updateTable('members').set({ role, rev: userRev })
    await membership.where('chat_id', '=', chatId).where('user_id', '=', userId).execute()
    return { chat: await stampChat(tx, chatId, { members_rev: rev, rev }) }
  })
}

export async function leaveChat(ctx: Ctx, { chatId }: OneChat): Promise<Record<string, never>> {
  const me = ctx.actor.userId
  await changeScopes(ctx, [chatScope(chatId), userScope(me)], async (tx) => {
    const chat = await openChat(tx, chatId, 'leave')
    if (chat.mine.role === 'owner' && chat.member_count > 1) await requireAnotherOwner(tx, chatId, me)
    const rev = await advance(tx, chatScope(chatId))
    await addSystemMessage(tx, chatId, rev, { event: 'left' })
    await endMembership(tx, { chatId, userId: me, was_removed: false })
    await stampChat(tx, chatId, { member_count: chat.member_count - 1, members_rev: rev, rev })
  }).catch(orChatNotFound)
  return {}
}

type NewMembersChat = Pick<OpenChat, 'id' | 'member_count' | 'history_for_new'>

/** The scopes of the chat and of these people are locked, and the right was checked. */
async function addUnderLock(tx: Tx, chat: NewMembersChat, userIds: UserId[], event: SystemEvent): Promise<ChatRow> {
  const { id } = chat
  must(chat.member_count + userIds.length <= limits.group.members, 'chat.full')
  const rev = await advance(tx, chatScope(id))
  const seq = await addSystemMessage(tx, id, rev, event)
  const revs = await advanceAll(tx, userIds.map(userScope))
  const fromSeq = chat.history_for_new ? 0 : seq
  const bounds = { sinceRev: rev, fromSeq, joinedSeq: seq, readSeq: seq }
  await insertMembers(tx, { chatId: id, userIds, role: 'member', ...bounds, unreadMark: event.event === 'added', revs })
  const member_count = chat.member_count + userIds.length
  return stampChat(tx, id, { member_count, members_rev: rev, rev })
}

type ChangeMember = (tx: Tx, chat: OpenChat, role: ChatRole) => Promise<{ chat: ChatRow }>

/** Calls `fn` when both scopes are locked, the right of the actor is checked, and the other person is known to be a member. */
async function changeMember(
  ctx: Ctx,
  { chatId, userId }: RemoveMember,
  action: 'removeMembers' | 'setRoles',
  fn: ChangeMember,
) {
  return changeScopes(ctx, [chatScope(chatId), userScope(userId)], async (tx) => {
    const chat = await openChat(tx, chatId, action)
    const member = await tx.db
      .selectFrom('members')
      .select('role')
      .where('chat_id', '=', chatId)
      .where('user_id', '=', userId)
      .where(isCurrentMember('members'))
      .executeTakeFirst()
    if (!member) fail('user.not_found')
    return fn(tx, chat, member.role)
  }).catch((error) => failMissing(ctx, chatId, error))
}

/** One of the scopes does not exist. Only a person who may see the chat is told which one. */
async function failMissing(ctx: Ctx, chatId: ChatId, error: unknown): Promise<never> {
  if (!isMissingScope(error)) throw error
  await openChat(ctx, chatId, 'read')
  return fail('user.not_found')
}
