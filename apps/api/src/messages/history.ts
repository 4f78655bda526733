import type { History } from '@veche/shared/schemas/messages'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { Ctx } from '../ctx.ts'
import { openDialog } from '../dialogs/access.ts'
import { messageColumns, toMessage } from './rows.ts'

export async function history(
  ctx: Ctx,
  input: History,
): Promise<{ rev: number; messages: MessageRow[]; more: boolean }> {
  const { dialogId, before, after, limit } = input
  const forward = after !== undefined && before === undefined
  return ctx.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (db) => {
      const dialog = await openDialog({ ...ctx, db }, dialogId, 'read')
      const { rev } = await db.selectFrom('scopes').select('rev').where('id', '=', dialogId).executeTakeFirstOrThrow()
      const first = Math.max(dialog.mine.from_seq, dialog.cleared_seq + 1)
      let query = db
        .selectFrom('messages')
        .select(messageColumns)
        .where('dialog_id', '=', dialogId)
        .where('seq', '>=', first)
      if (before !== undefined) query = query.where('seq', '<', before)
      if (after !== undefined) query = query.where('seq', '>', after)
      const rows = await query
        .orderBy('seq', forward ? 'asc' : 'desc')
        .limit(limit + 1)
        .execute()
      const page = rows.slice(0, limit).map(toMessage)
      return { rev, messages: forward ? page : page.reverse(), more: rows.length > limit }
    })
}
