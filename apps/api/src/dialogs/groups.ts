import type { DialogId } from '@veche/shared/ids'
import type { ScopeAnswer } from '@veche/shared/live'
import type { DialogRow } from '@veche/shared/rows/rows'
import type { Configure, CreateGroup, Rename } from '@veche/shared/schemas/dialogs'
import type { Ctx, Tx } from '../ctx.ts'
import { fail } from '../errors.ts'
import { advance, advanceAll, changeScope, createScope, lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { openDialog } from './access.ts'
import { insertMembers, refuseDisabled } from './memberships.ts'
import { toDialog } from './rows.ts'
import { answerDialog, dialogScope, orNoSuchUser, stampDialog, userScope } from './scopes.ts'
import { addSystemMessage } from './system-messages.ts'

/** Asked again with the same id, it answers the group that the lost answer spoke of. */
export async function createGroup(ctx: Ctx, { id, title, userIds }: CreateGroup): Promise<ScopeAnswer> {
  await inTransaction(ctx, (tx) => makeGroup(tx, { id, title, userIds }))
  return answerDialog(ctx, id)
}

/** Says whether it was made now; it is mine in either case. */
export async function makeGroup(tx: Tx, { id, title, userIds }: CreateGroup): Promise<boolean> {
  const me = tx.actor.userId
  const others = [...new Set(userIds)].filter((userId) => userId !== me)
  await lockScopes(tx, [me, ...others].map(userScope)).catch(orNoSuchUser)
  const mine = await idIsMine(tx, id)
  if (mine === false) fail('dialog.id_taken')
  if (mine) return false
  await refuseDisabled(tx, others)
  const rev = await createScope(tx, dialogScope(id)).catch(orTaken)
  const row = { id, kind: 'group' as const, title, member_count: others.length + 1, members_rev: rev, rev }
  await tx.db
    .insertInto('dialogs')
    .values({ ...row, created_by: me })
    .execute()
  const revs = await advanceAll(tx, [me, ...others].map(userScope))
  const place = { dialogId: id, sinceRev: rev, fromSeq: 0, readSeq: 0, revs }
  await insertMembers(tx, { ...place, userIds: others, role: 'member' })
  await insertMembers(tx, { ...place, userIds: [me], role: 'owner' })
  await addSystemMessage(tx, id, rev, { event: 'created', title })
  return true
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

/** Somebody else took the id after it was looked for, and was sooner. */
function orTaken(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === '23505') fail('dialog.id_taken')
  throw error
}
