import type { DialogId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { type DialogRole, mayRemoveFromGroup } from '@veche/shared/permissions'
import type { DialogRow, PersonRow, SystemEvent } from '@veche/shared/rows/rows'
import type { AddMembers, MembersPage, OneDialog, RemoveMember, SetRole } from '@veche/shared/schemas/dialogs'
import { sql } from 'kysely'
import type { Ctx, Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { columnsOf } from '../platform/columns.ts'
import { advance, advanceAll, lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { personColumns, toPerson } from '../users/rows.ts'
import { type OpenDialog, openDialog } from './access.ts'
import { endMembership, insertMembers, notYetIn, refuseDisabled, refuseLastOwner } from './memberships.ts'
import { toDialog } from './rows.ts'
import { dialogScope, orNotFound, stampDialog, userScope } from './scopes.ts'
import { addSystemMessage } from './system-messages.ts'

export type MembersAnswer = {
  members: { person: PersonRow; role: DialogRole }[]
  next: string | null
  membersRev: number
}

/** Members are paged, not synced: owners and moderators first, then by name. */
export async function membersPage(ctx: Ctx, { dialogId, query, cursor, limit }: MembersPage): Promise<MembersAnswer> {
  const dialog = await openDialog(ctx, dialogId, 'read')
  const skip = cursor ? Number.parseInt(cursor, 10) : 0
  must(Number.isSafeInteger(skip) && skip >= 0, 'input.invalid')
  const rows = await ctx.db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(columnsOf('users', personColumns))
    .select('members.role as place')
    .where('members.dialog_id', '=', dialogId)
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
  return { members, next: rows.length > limit ? String(skip + limit) : null, membersRev: dialog.members_rev }
}

export async function addMembers(ctx: Ctx, { dialogId, userIds }: AddMembers): Promise<{ dialog: DialogRow }> {
  const asked = [...new Set(userIds)]
  return inTransaction(ctx, async (tx) => {
    await lockScopes(tx, [dialogScope(dialogId), ...asked.map(userScope)]).catch((error) =>
      orHidden(tx, dialogId, error),
    )
    const dialog = await openDialog(tx, dialogId, 'addMembers')
    await refuseDisabled(tx, asked)
    const fresh = await notYetIn(tx, dialogId, asked)
    if (fresh.length === 0) return { dialog: toDialog(dialog) }
    return { dialog: await admit(tx, dialog, fresh, { event: 'added', userIds: fresh }) }
  })
}

/** These people become members; the scope of the dialog and their own are locked, and the right was checked. */
async function admit(
  tx: Tx,
  dialog: Pick<OpenDialog, 'id' | 'member_count' | 'history_for_new'>,
  userIds: UserId[],
  event: SystemEvent,
): Promise<DialogRow> {
  const { id } = dialog
  must(dialog.member_count + userIds.length <= limits.group.members, 'dialog.full')
  const rev = await advance(tx, dialogScope(id))
  const seq = await addSystemMessage(tx, id, rev, event)
  const revs = await advanceAll(tx, userIds.map(userScope))
  const fromSeq = dialog.history_for_new ? 0 : seq
  await insertMembers(tx, { dialogId: id, userIds, role: 'member', sinceRev: rev, fromSeq, readSeq: seq, revs })
  const member_count = dialog.member_count + userIds.length
  return stampDialog(tx, id, { member_count, members_rev: rev, rev })
}

/** I become a member by my own will, where an open door was found for me. The dialog's scope and mine are locked. */
export async function joinGroup(tx: Tx, dialogId: DialogId): Promise<void> {
  const query = tx.db.selectFrom('dialogs').select(['id', 'member_count', 'history_for_new'])
  const dialog = await query.where('id', '=', dialogId).where('kind', '=', 'group').executeTakeFirst()
  if (!dialog) fail('dialog.not_found')
  await admit(tx, dialog, [tx.actor.userId], { event: 'joined' })
}

export async function removeMember(ctx: Ctx, { dialogId, userId }: RemoveMember): Promise<{ dialog: DialogRow }> {
  return withMember(ctx, { dialogId, userId }, 'removeMembers', async (tx, dialog, role) => {
    must(userId !== ctx.actor.userId, 'dialog.forbidden')
    must(mayRemoveFromGroup(dialog.mine.role, role), 'dialog.forbidden')
    const rev = await advance(tx, dialogScope(dialogId))
    await addSystemMessage(tx, dialogId, rev, { event: 'removed', userId })
    await endMembership(tx, { dialogId, userId, put_out: true })
    return { dialog: await stampDialog(tx, dialogId, { member_count: dialog.member_count - 1, members_rev: rev, rev }) }
  })
}

export async function setRole(ctx: Ctx, { dialogId, userId, role }: SetRole): Promise<{ dialog: DialogRow }> {
  return withMember(ctx, { dialogId, userId }, 'setRoles', async (tx, dialog, before) => {
    if (before === role) return { dialog: toDialog(dialog) }
    if (before === 'owner') await refuseLastOwner(tx, dialogId)
    const rev = await advance(tx, dialogScope(dialogId))
    await addSystemMessage(tx, dialogId, rev, { event: 'role', userId, role })
    const own = await advance(tx, userScope(userId))
    const place = tx.db.updateTable('members').set({ role, rev: own })
    await place.where('dialog_id', '=', dialogId).where('user_id', '=', userId).execute()
    return { dialog: await stampDialog(tx, dialogId, { members_rev: rev, rev }) }
  })
}

export async function leaveDialog(ctx: Ctx, { dialogId }: OneDialog): Promise<Record<string, never>> {
  const me = ctx.actor.userId
  await inTransaction(ctx, async (tx) => {
    await lockScopes(tx, [dialogScope(dialogId), userScope(me)]).catch(orNotFound)
    const dialog = await openDialog(tx, dialogId, 'leave')
    if (dialog.mine.role === 'owner' && dialog.member_count > 1) await refuseLastOwner(tx, dialogId)
    const rev = await advance(tx, dialogScope(dialogId))
    await addSystemMessage(tx, dialogId, rev, { event: 'left' })
    await endMembership(tx, { dialogId, userId: me, put_out: false })
    await stampDialog(tx, dialogId, { member_count: dialog.member_count - 1, members_rev: rev, rev })
  })
  return {}
}

type WithMember = (tx: Tx, dialog: OpenDialog, role: DialogRole) => Promise<{ dialog: DialogRow }>

/** Both scopes are locked, my right is checked, and the other person is a member at this moment. */
async function withMember(
  ctx: Ctx,
  { dialogId, userId }: RemoveMember,
  action: 'removeMembers' | 'setRoles',
  fn: WithMember,
) {
  return inTransaction(ctx, async (tx) => {
    await lockScopes(tx, [dialogScope(dialogId), userScope(userId)]).catch((error) => orHidden(tx, dialogId, error))
    const dialog = await openDialog(tx, dialogId, action)
    const member = await tx.db
      .selectFrom('members')
      .select('role')
      .where('dialog_id', '=', dialogId)
      .where('user_id', '=', userId)
      .where('left_at', 'is', null)
      .executeTakeFirst()
    if (!member) fail('user.not_found')
    return fn(tx, dialog, member.role)
  })
}

/** One of the scopes is missing. Which one may be said only to somebody who may see the dialog. */
async function orHidden(tx: Tx, dialogId: DialogId, error: unknown): Promise<never> {
  const missing = error instanceof Error && error.message === 'scope.not_found'
  if (!missing) throw error
  await openDialog(tx, dialogId, 'read').catch(orNotFound)
  return fail('user.not_found')
}
