import type { ChatId, ScopeId, UserId } from '@veche/shared/ids'
import type { ChatRole } from '@veche/shared/permissions'
import type { Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { advance } from '../platform/scopes/changes.ts'
import { isCurrentMember } from '../platform/scopes/members.ts'
import { userScope } from '../platform/scopes/scope.ts'

export type NewMembers = {
  chatId: ChatId
  userIds: UserId[]
  role: ChatRole
  sinceRev: number
  fromSeq: number
  /** The message that tells of their joining; 0 when there is none. */
  joinedSeq: number
  readSeq: number
  /** Somebody else made them members: the chat is marked until they open it. */
  unreadMark: boolean
  revs: Map<ScopeId, number>
}

/** A person who was a member before gets the same row again, with new bounds of what they may read. */
export async function insertMembers(tx: Tx, given: NewMembers): Promise<void> {
  if (given.userIds.length === 0) return
  const rows = given.userIds.map((userId) => ({
    chat_id: given.chatId,
    user_id: userId,
    role: given.role,
    from_seq: given.fromSeq,
    since_rev: given.sinceRev,
    joined_seq: given.joinedSeq,
    read_seq: given.readSeq,
    delivered_seq: given.readSeq,
    unread_mark: given.unreadMark,
    rev: given.revs.get(userId) ?? fail('server.error'),
  }))
  const kept = [
    'role',
    'from_seq',
    'since_rev',
    'joined_seq',
    'read_seq',
    'delivered_seq',
    'unread_mark',
    'rev',
  ] as const
  await tx.db
    .insertInto('members')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['chat_id', 'user_id']).doUpdateSet((eb) => ({
        ...Object.fromEntries(kept.map((column) => [column, eb.ref(`excluded.${column}`)])),
        joined_at: eb.fn<Date>('veche_now'),
        left_at: null,
        was_removed: false,
      })),
    )
    .execute()
}

/** The row stays and gets the time of leaving: it tells the person's devices to drop the chat. */
export async function endMembership(
  tx: Tx,
  { chatId, userId, was_removed }: { chatId: ChatId; userId: UserId; was_removed: boolean },
): Promise<void> {
  const rev = await advance(tx, userScope(userId))
  await tx.db
    .updateTable('members')
    .set((eb) => ({ left_at: eb.fn<Date>('veche_now'), role: 'member' as const, was_removed, rev }))
    .where('chat_id', '=', chatId)
    .where('user_id', '=', userId)
    .execute()
}

/** Throws unless the chat has an enabled owner besides this person. */
export async function requireAnotherOwner(tx: Tx, chatId: ChatId, userId: UserId): Promise<void> {
  const other = await tx.db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('members.user_id')
    .where('members.chat_id', '=', chatId)
    .where('members.user_id', '<>', userId)
    .where('members.role', '=', 'owner')
    .where(isCurrentMember('members'))
    .where('users.disabled_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  must(other, 'chat.owner_must_hand_over')
}

export async function requireEnabled(tx: Tx, userIds: UserId[]): Promise<void> {
  if (userIds.length === 0) return
  const found = await tx.db
    .selectFrom('users')
    .select('id')
    .where('id', 'in', userIds)
    .where('kind', '=', 'person')
    .where('disabled_at', 'is', null)
    .execute()
  must(found.length === new Set(userIds).size, 'user.not_found')
}

/** Those of these people who are no members. */
export async function withoutMembers(tx: Tx, chatId: ChatId, userIds: UserId[]): Promise<UserId[]> {
  const rows = await tx.db
    .selectFrom('members')
    .select('user_id')
    .where('chat_id', '=', chatId)
    .where('user_id', 'in', userIds)
    .where(isCurrentMember('members'))
    .execute()
  const members = new Set(rows.map((row) => row.user_id))
  return userIds.filter((userId) => !members.has(userId))
}
