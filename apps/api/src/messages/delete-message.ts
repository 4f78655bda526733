import type { ChatId } from '@veche/shared/ids'
import { mayDeleteMessage } from '@veche/shared/permissions'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { DeleteMessage } from '@veche/shared/schemas/messages'
import { openChat, orChatNotFound } from '../chats/access.ts'
import type { Ctx, Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { sqlNow } from '../platform/clock.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { chatScope } from '../platform/scopes/scope.ts'
import { toMessage, withFiles } from './rows.ts'

/**
 * Deletes a message for everybody: its row stays with author and number, without what it said. Its files are names that are gone now; a
 * sweep deletes their bytes. Twice is the same as once.
 */
export function deleteMessage(ctx: Ctx, { chatId, seq }: DeleteMessage): Promise<{ message: MessageRow }> {
  return changeScopes(ctx, [chatScope(chatId)], async (tx) => {
    const chat = await openChat(tx, chatId, 'read')
    const message = await findMessage(tx, chatId, seq)
    if (!message || seq < chat.mine.first_seq) fail('message.not_found')
    const isMine = message.authorId === tx.actor.userId
    must(mayDeleteMessage(chat.kind, chat.mine.role, { kind: message.kind, isMine }), 'chat.forbidden')
    if (message.deletedAt) return { message }
    const rev = await advance(tx, chatScope(chatId))
    await tx.db.deleteFrom('files').where('chat_id', '=', chatId).where('seq', '=', seq).execute()
    await tx.db
      .updateTable('messages')
      .set({ body: null, deleted_at: sqlNow, rev })
      .where('chat_id', '=', chatId)
      .where('seq', '=', seq)
      .execute()
    return { message: (await findMessage(tx, chatId, seq))! }
  }).catch(orChatNotFound)
}

async function findMessage({ db }: Tx, chatId: ChatId, seq: number): Promise<MessageRow | null> {
  const found = await withFiles(db)
    .where('messages.chat_id', '=', chatId)
    .where('messages.seq', '=', seq)
    .executeTakeFirst()
  return found ? toMessage(found) : null
}
