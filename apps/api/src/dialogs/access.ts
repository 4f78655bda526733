import type { DB } from '@veche/db/types.gen'
import type { DialogId, UserId } from '@veche/shared/ids'
import { type DialogAction, mayInDialog } from '@veche/shared/permissions'
import type { Kysely, Selectable } from 'kysely'
import { fail, must } from '../errors.ts'
import { dialogColumns } from './rows.ts'

type Dialog = Pick<Selectable<DB['dialogs']>, (typeof dialogColumns)[number]>
export type OpenDialog = Dialog & { mine: { role: Selectable<DB['members']>['role']; from_seq: number } }

type Asking = { db: Kysely<DB>; actor: { userId: UserId } }

/** The one door to a dialog: the row with my place in it, or the same error whether it is missing or closed to me. */
export async function openDialog(ctx: Asking, dialogId: DialogId, action: DialogAction): Promise<OpenDialog> {
  const found = await ctx.db
    .selectFrom('dialogs')
    .innerJoin('members', 'members.dialog_id', 'dialogs.id')
    .select(dialogColumns.map((column) => `dialogs.${column}` as const))
    .select(['members.role as role', 'members.from_seq'])
    .where('dialogs.id', '=', dialogId)
    .where('members.user_id', '=', ctx.actor.userId)
    .where('members.left_at', 'is', null)
    .executeTakeFirst()
  if (!found) fail('dialog.not_found')
  const { role, from_seq, ...dialog } = found
  must(mayInDialog(dialog.kind, role, action), 'dialog.forbidden')
  return { ...dialog, mine: { role, from_seq } }
}
