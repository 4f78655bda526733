import type { DB } from '@veche/db/types.gen'
import type { ChatId, UserId } from '@veche/shared/ids'
import { voiceLimits } from '@veche/shared/messages'
import type { ListenedRow, MessageRow } from '@veche/shared/rows/rows'
import type { Listen } from '@veche/shared/schemas/messages'
import { type Selectable, sql } from 'kysely'
import { openChat, orChatNotFound } from '../chats/access.ts'
import type { Ctx, Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../errors.ts'
import { toMessage, withFiles } from '../messages/rows.ts'
import { iso, isOlderThan, sqlNow } from '../platform/clock.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import type { RowSource } from '../platform/scopes/row-sources.ts'
import { chatScope, userScope } from '../platform/scopes/scope.ts'
import { deleteInBatches } from '../platform/work/batches.ts'

export type Listening = { message: MessageRow; listened: ListenedRow | null }

/**
 * I have listened to a voice message: a row of my own scope. The first person who is not its author also changes the message, so that the
 * author learns of it. Twice is the same as once.
 */
export async function listen(ctx: Ctx, input: Listen): Promise<Listening> {
  const me = userScope(ctx.actor.userId)
  // In a large group many listen at once, and only the first of them has to wait for the lock of the chat.
  const isFirst = !(await openVoiceMessage(ctx, input)).listened
  return changeScopes(ctx, isFirst ? [chatScope(input.chatId), me] : [me], async (tx) => {
    const message = await openVoiceMessage(tx, input)
    if (message.authorId === tx.actor.userId) return { message, listened: null }
    if (!message.listened) await stampMessage(tx, message)
    return { message: await openVoiceMessage(tx, input), listened: await addListened(tx, message) }
  }).catch(orChatNotFound)
}

/** A voice message within my bounds of the history. One that is missing, deleted or of another kind looks the same. */
async function openVoiceMessage(ctx: Pick<Ctx, 'db' | 'actor'>, { chatId, seq }: Listen): Promise<MessageRow> {
  const { mine } = await openChat(ctx, chatId, 'read')
  const found = await withFiles(ctx.db)
    .where('messages.chat_id', '=', chatId)
    .where('messages.seq', '=', seq)
    .where('messages.kind', '=', 'voice')
    .where('messages.deleted_at', 'is', null)
    .executeTakeFirst()
  if (!found || seq < mine.first_seq) fail('message.not_found')
  return toMessage(found)
}

async function stampMessage(tx: Tx, { chatId, seq }: MessageRow): Promise<void> {
  const rev = await advance(tx, chatScope(chatId))
  await tx.db
    .updateTable('messages')
    .set({ listened_at: sqlNow, rev })
    .where('chat_id', '=', chatId)
    .where('seq', '=', seq)
    .execute()
}

/** Null for an old message, of which nobody asks any more. */
async function addListened(tx: Tx, { chatId, seq, createdAt }: MessageRow): Promise<ListenedRow | null> {
  const { userId } = tx.actor
  const held = await findListened(tx, { chatId, seq }, userId)
  if (held) return held
  if (tx.clock.now() - Date.parse(createdAt) > voiceLimits.listenedDays * 86_400_000) return null
  const rev = await advance(tx, userScope(userId))
  await tx.db
    .insertInto('listened')
    .values({ user_id: userId, chat_id: chatId, seq, message_at: new Date(createdAt), rev })
    .execute()
  return (await findListened(tx, { chatId, seq }, userId))!
}

const columns = ['listened.chat_id', 'listened.seq', 'listened.message_at', 'listened.rev'] as const

async function findListened({ db }: Tx, { chatId, seq }: Listen, userId: UserId): Promise<ListenedRow | null> {
  const found = await db
    .selectFrom('listened')
    .select(columns)
    .where('user_id', '=', userId)
    .where('chat_id', '=', chatId)
    .where('seq', '=', seq)
    .executeTakeFirst()
  return found ? toListened(found) : null
}

function toListened(row: Omit<Selectable<DB['listened']>, 'user_id'>): ListenedRow {
  return { chatId: row.chat_id as ChatId, seq: row.seq, messageAt: iso(row.message_at), rev: row.rev }
}

/** They are few, because those of old messages are deleted: the first sync of a device stays small. */
export const listenedRowSource: RowSource<'listened'> = {
  scope: 'user',
  table: 'listened',
  revColumn: 'listened.rev',
  rows: (db, id) =>
    db
      .selectFrom('listened')
      .select(columns)
      .where('listened.user_id', '=', id as UserId),
  toWire: toListened,
}

export async function deleteOldListened({ db }: Deps, signal?: AbortSignal): Promise<void> {
  const isOld = isOlderThan('message_at', voiceLimits.listenedDays)
  await deleteInBatches(
    db,
    (limit) =>
      sql`delete from listened where ctid = any(array(select ctid from listened where ${isOld} limit ${limit}))`,
    signal,
  )
}
