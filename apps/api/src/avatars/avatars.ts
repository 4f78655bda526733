import { type AvatarId, type ChatId, newId } from '@veche/shared/ids'
import type { ChatRow, PersonRow } from '@veche/shared/rows/rows'
import { openChat, orChatNotFound } from '../chats/access.ts'
import { stampChat, toChat } from '../chats/rows.ts'
import { addSystemMessage } from '../chats/system-messages.ts'
import type { Ctx, Tx } from '../ctx.ts'
import { must } from '../errors.ts'
import type { AvatarPicture } from '../files/previews/avatar-picture.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { chatScope, directoryScope } from '../platform/scopes/scope.ts'
import { personColumns, toPerson } from '../users/rows.ts'

/** Null removes it. */
export type NewAvatar = AvatarPicture | null

export function setMyAvatar(ctx: Ctx, picture: NewAvatar): Promise<PersonRow> {
  return changeScopes(ctx, [directoryScope], async (tx) => {
    const { userId } = tx.actor
    const mine = await tx.db.selectFrom('users').select(personColumns).where('id', '=', userId).executeTakeFirst()
    // Meanwhile an administrator may have disabled them.
    must(mine && !mine.disabled_at, 'auth.required')
    if (await isTheSame(tx, mine.avatar_id, picture)) return toPerson(mine)
    const change = { avatar_id: await insertAvatar(tx, picture), rev: await advance(tx, directoryScope) }
    await tx.db.updateTable('users').set(change).where('id', '=', userId).execute()
    await deleteAvatar(tx, mine.avatar_id)
    return toPerson({ ...mine, ...change })
  })
}

/** The right is that of renaming the group. */
export function setChatAvatar(ctx: Ctx, chatId: ChatId, picture: NewAvatar): Promise<ChatRow> {
  return changeScopes(ctx, [chatScope(chatId)], async (tx) => {
    const chat = await openChat(tx, chatId, 'rename')
    if (await isTheSame(tx, chat.avatar_id, picture)) return toChat(chat)
    const rev = await advance(tx, chatScope(chatId))
    await addSystemMessage(tx, chatId, rev, { event: 'avatar' })
    const row = await stampChat(tx, chatId, { avatar_id: await insertAvatar(tx, picture), rev })
    await deleteAvatar(tx, chat.avatar_id)
    return row
  }).catch(orChatNotFound)
}

/** A request whose answer was lost comes again. */
async function isTheSame({ db }: Tx, current: AvatarId | null, picture: NewAvatar): Promise<boolean> {
  if (!current || !picture) return current === picture
  const query = db.selectFrom('avatars').select('id').where('id', '=', current)
  return (await query.where('px640', '=', Buffer.from(picture[640])).executeTakeFirst()) !== undefined
}

/** Another picture is another id: what a device keeps of an avatar never becomes stale. */
async function insertAvatar({ db, clock }: Tx, picture: NewAvatar): Promise<AvatarId | null> {
  if (!picture) return null
  const id = newId<AvatarId>(clock.now())
  const [px64, px160, px640] = [Buffer.from(picture[64]), Buffer.from(picture[160]), Buffer.from(picture[640])]
  await db.insertInto('avatars').values({ id, px64, px160, px640 }).execute()
  return id
}

async function deleteAvatar({ db }: Tx, id: AvatarId | null): Promise<void> {
  if (id) await db.deleteFrom('avatars').where('id', '=', id).execute()
}
