import type { DialogId, MeetingId, UserId } from '@veche/shared/ids'
import type { ScopeAnswer } from '@veche/shared/live'
import type { DialogRow } from '@veche/shared/rows/rows'
import type { Ctx, Tx } from '../ctx.ts'
import { fail } from '../errors.ts'
import { answerScope } from '../platform/scope-views.ts'
import type { Scope } from '../platform/scopes.ts'
import { dialogColumns, toDialog } from './rows.ts'

export const dialogScope = (id: DialogId): Scope => ({ kind: 'dialog', id })
export const userScope = (id: UserId): Scope => ({ kind: 'user', id })

/** The dialog as I see it now, with its newest page. */
export async function answerDialog(ctx: Ctx, id: DialogId): Promise<ScopeAnswer> {
  return answerScope(ctx, ctx.db, { scope: 'dialog', id, since: 0, viewer: ctx.actor.userId })
}

/** Writes the dialog's own row, stamped. */
export async function stampDialog(
  tx: Pick<Tx, 'db'>,
  id: DialogId,
  values: {
    rev: number
    title?: string
    history_for_new?: boolean
    member_count?: number
    members_rev?: number
    live_meeting_id?: MeetingId | null
  },
): Promise<DialogRow> {
  const query = tx.db.updateTable('dialogs').set(values).where('id', '=', id).returning(dialogColumns)
  return toDialog(await query.executeTakeFirstOrThrow())
}

/** A scope that is not there is a dialog that is not there: unknown and foreign ids look the same. */
export function orNotFound(error: unknown): never {
  if (error instanceof Error && error.message === 'scope.not_found') fail('dialog.not_found')
  throw error
}

export function orNoSuchUser(error: unknown): never {
  if (error instanceof Error && error.message === 'scope.not_found') fail('user.not_found')
  throw error
}
