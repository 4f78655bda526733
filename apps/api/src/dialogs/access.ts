import type { DB } from '@veche/db/types.gen'
import type { DialogId, UserId } from '@veche/shared/ids'
import { type DialogAction, type DialogRole, dialogRoles, mayInDialog } from '@veche/shared/permissions'
import type { Kysely, Selectable } from 'kysely'
import { fail, must } from '../errors.ts'
import { dialogColumns } from './rows.ts'
import { columnsOf } from '../platform/columns.ts'

type Dialog = Pick<Selectable<DB['dialogs']>, (typeof dialogColumns)[number]>
export type OpenDialog = Dialog & { mine: { role: Selectable<DB['members']>['role']; from_seq: number } }

type Asking = { db: Kysely<DB>; actor: { userId: UserId } }

/** The one door to a dialog: the row with my place in it, or the same error whether it is missing or closed to me. */
export async function openDialog(ctx: Asking, dialogId: DialogId, action: DialogAction): Promise<OpenDialog> {
  const found = await ctx.db
    .selectFrom('dialogs')
    .innerJoin('members', 'members.dialog_id', 'dialogs.id')
    .select(columnsOf('dialogs', dialogColumns))
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

/** The same door within a statement of one's own: who `$2` is in dialog `$1`; no row for somebody who is no member. */
export const placeText = `
  select dialogs.kind as dialog_kind, members.role as my_role
  from dialogs join members on members.dialog_id = dialogs.id
  where dialogs.id = $1 and members.user_id = $2 and members.left_at is null`

export type Place = { dialog_kind: 'direct' | 'group'; my_role: DialogRole }

/** Every place from which this may be done, as `dialog_kind || ' ' || my_role`: the one table of rights, for a statement to compare with. */
export function placesThatMay(action: DialogAction): string[] {
  const kinds = ['direct', 'group'] as const
  return kinds.flatMap((kind) =>
    dialogRoles.filter((role) => mayInDialog(kind, role, action)).map((role) => `${kind} ${role}`),
  )
}

/** What the statement found, judged as `openDialog` would. */
export function mustBeOpen(place: Place | { dialog_kind: null }, action: DialogAction): void {
  if (place.dialog_kind === null) fail('dialog.not_found')
  must(mayInDialog(place.dialog_kind, place.my_role, action), 'dialog.forbidden')
}
