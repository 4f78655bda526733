import { type DialogId, newId, type UserId } from '@veche/shared/ids'
import type { ScopeAnswer } from '@veche/shared/live'
import type { DialogRow, MembershipRow } from '@veche/shared/rows/rows'
import type { Configure, CreateGroup, OneDialog, OpenDirect, Rename, SetMine } from '@veche/shared/schemas/dialogs'
import type { Ctx, Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { answerScope } from '../platform/scope-views.ts'
import { advance, advanceAll, changeScope, createScope, lockScopes, type Scope } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { openDialog } from './access.ts'
import { insertMembers } from './members.ts'
import { dialogColumns, membershipColumns, toDialog, toMembership } from './rows.ts'
import { addSystemMessage } from './system-messages.ts'

export const dialogScope = (id: DialogId): Scope => ({ kind: 'dialog', id })
export const userScope = (id: UserId): Scope => ({ kind: 'user', id })

/** The dialog of two people: the one that is there, or a new one. The locks of both keep two askers from making two. */
export async function openDirect(ctx: Ctx, { userId }: OpenDirect): Promise<ScopeAnswer> {
  const me = ctx.actor.userId
  must(userId !== me, 'user.not_found')
  const pair: [UserId, UserId] = me < userId ? [me, userId] : [userId, me]
  const id = (await findDirect(ctx, pair)) ?? (await createDirect(ctx, pair, userId))
  return answerDialog(ctx, id)
}

/** Asked again with the same id, it answers the group that the lost answer spoke of. */
export async function createGroup(ctx: Ctx, { id, title, userIds }: CreateGroup): Promise<ScopeAnswer> {
  const me = ctx.actor.userId
  const others = [...new Set(userIds)].filter((userId) => userId !== me)
  await inTransaction(ctx, async (tx) => {
    await lockScopes(tx, [me, ...others].map(userScope)).catch(orNoSuchUser)
    const mine = await idIsMine(tx, id)
    if (mine !== null) return must(mine, 'dialog.id_taken')
    await refuseDisabled(tx, others)
    const rev = await createScope(tx, dialogScope(id))
    const row = {
      id,
      kind: 'group' as const,
      title,
      member_count: others.length + 1,
      members_rev: rev,
      created_by: me,
      rev,
    }
    await tx.db.insertInto('dialogs').values(row).execute()
    const revs = await advanceAll(tx, [me, ...others].map(userScope))
    const place = { dialogId: id, sinceRev: rev, fromSeq: 0, readSeq: 0, revs }
    await insertMembers(tx, { ...place, userIds: others, role: 'member' })
    await insertMembers(tx, { ...place, userIds: [me], role: 'owner' })
    await addSystemMessage(tx, id, rev, { event: 'created', title })
  })
  return answerDialog(ctx, id)
}

export async function renameDialog(ctx: Ctx, { dialogId, title }: Rename): Promise<{ dialog: DialogRow }> {
  return changeScope(ctx, dialogScope(dialogId), async (tx) => {
    const dialog = await openDialog(tx, dialogId, 'rename')
    if (dialog.title === title) return { dialog: toDialog(dialog) }
    const rev = await advance(tx, dialogScope(dialogId))
    await addSystemMessage(tx, dialogId, rev, { event: 'renamed', title })
    return { dialog: await stampDialog(tx, dialogId, { title, rev }) }
  })
}

export async function configureDialog(
  ctx: Ctx,
  { dialogId, historyForNew }: Configure,
): Promise<{ dialog: DialogRow }> {
  return changeScope(ctx, dialogScope(dialogId), async (tx) => {
    await openDialog(tx, dialogId, 'configure')
    const rev = await advance(tx, dialogScope(dialogId))
    return { dialog: await stampDialog(tx, dialogId, { history_for_new: historyForNew, rev }) }
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
    await endMembership(tx, dialogId, me)
    await stampDialog(tx, dialogId, { member_count: dialog.member_count - 1, members_rev: rev, rev })
  })
  return {}
}

/** What is mine alone: it lives in my user scope, and nobody else is told. */
export async function setMine(
  ctx: Ctx,
  { dialogId, notify, pinned, unreadMark }: SetMine,
): Promise<{ membership: MembershipRow }> {
  const me = ctx.actor.userId
  return changeScope(ctx, userScope(me), async (tx) => {
    await openDialog(tx, dialogId, 'read')
    const rev = await advance(tx, userScope(me))
    const row = await tx.db
      .updateTable('members')
      .set((eb) => ({
        rev,
        ...(notify === undefined ? {} : { notify }),
        ...(pinned === undefined ? {} : { pinned_at: pinned ? eb.fn<Date>('veche_now') : null }),
        ...(unreadMark === undefined ? {} : { unread_mark: unreadMark }),
      }))
      .where('dialog_id', '=', dialogId)
      .where('user_id', '=', me)
      .returning(membershipColumns)
      .executeTakeFirstOrThrow()
    return { membership: toMembership(row) }
  })
}

export async function answerDialog(ctx: Ctx, id: DialogId): Promise<ScopeAnswer> {
  return answerScope(ctx, ctx.db, { scope: 'dialog', id, since: 0, viewer: ctx.actor.userId })
}

export async function stampDialog(
  tx: Tx,
  id: DialogId,
  values: { rev: number; title?: string; history_for_new?: boolean; member_count?: number; members_rev?: number },
): Promise<DialogRow> {
  const query = tx.db.updateTable('dialogs').set(values).where('id', '=', id).returning(dialogColumns)
  return toDialog(await query.executeTakeFirstOrThrow())
}

/** The row stays, with the time of leaving: it is what tells the person's devices to drop the dialog. */
export async function endMembership(tx: Tx, dialogId: DialogId, userId: UserId): Promise<void> {
  const rev = await advance(tx, userScope(userId))
  await tx.db
    .updateTable('members')
    .set((eb) => ({ left_at: eb.fn<Date>('veche_now'), role: 'member' as const, rev }))
    .where('dialog_id', '=', dialogId)
    .where('user_id', '=', userId)
    .execute()
}

export async function refuseLastOwner(tx: Tx, dialogId: DialogId): Promise<void> {
  const { owners } = await tx.db
    .selectFrom('members')
    .select((eb) => eb.fn.countAll<number>().as('owners'))
    .where('dialog_id', '=', dialogId)
    .where('role', '=', 'owner')
    .where('left_at', 'is', null)
    .executeTakeFirstOrThrow()
  must(owners > 1, 'dialog.owner_must_hand_over')
}

/** A scope that is not there is a dialog that is not there: unknown and foreign ids look the same. */
export function orNotFound(error: unknown): never {
  if (error instanceof Error && error.message === 'scope.not_found') fail('dialog.not_found')
  throw error
}

function orNoSuchUser(error: unknown): never {
  if (error instanceof Error && error.message === 'scope.not_found') fail('user.not_found')
  throw error
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

/** Null when the id is free; otherwise whether it was I who took it, for a group. */
async function idIsMine(tx: Tx, id: DialogId): Promise<boolean | null> {
  const scope = await tx.db.selectFrom('scopes').select('id').where('id', '=', id).executeTakeFirst()
  if (!scope) return null
  const dialog = await tx.db
    .selectFrom('dialogs')
    .select(['created_by', 'kind'])
    .where('id', '=', id)
    .executeTakeFirst()
  return dialog?.kind === 'group' && dialog.created_by === tx.actor.userId
}

export async function refuseDisabled(tx: Tx, userIds: UserId[]): Promise<void> {
  if (userIds.length === 0) return
  const found = await tx.db
    .selectFrom('users')
    .select('id')
    .where('id', 'in', userIds)
    .where('disabled_at', 'is', null)
    .execute()
  must(found.length === new Set(userIds).size, 'user.not_found')
}
