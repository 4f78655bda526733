import type { MessageRow } from '@veche/shared/rows/rows'
import type { History } from '@veche/shared/schemas/messages'
import { openChat } from '../chats/access.ts'
import type { Ctx } from '../ctx.ts'
import { countFitting, toMessage, withFiles } from './rows.ts'

export type HistoryPage = { rev: number; messages: MessageRow[]; more: boolean }

/** A page of messages and the revision of the chat, from one snapshot. */
export async function readHistory(ctx: Ctx, { chatId, before, after, limit }: History): Promise<HistoryPage> {
  const forward = after !== undefined && before === undefined
  const transaction = ctx.db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return transaction.execute(async (db) => {
    const chat = await openChat({ ...ctx, db }, chatId, 'read')
    const { rev } = await db.selectFrom('scopes').select('rev').where('id', '=', chatId).executeTakeFirstOrThrow()
    let query = withFiles(db).where('chat_id', '=', chatId).where('seq', '>=', chat.mine.first_seq)
    if (before !== undefined) query = query.where('seq', '<', before)
    if (after !== undefined) query = query.where('seq', '>', after)
    const rows = await query
      .orderBy('seq', forward ? 'asc' : 'desc')
      .limit(limit + 1)
      .execute()
    const page = rows.slice(0, countFitting(rows.slice(0, limit))).map(toMessage)
    return { rev, messages: forward ? page : page.reverse(), more: rows.length > page.length }
  })
}
