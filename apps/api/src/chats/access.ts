import type { DB } from '@veche/db/types.gen'
import type { ChatId, UserId } from '@veche/shared/ids'
import { type ChatAction, type ChatRole, chatRoles, mayInChat } from '@veche/shared/permissions'
import type { Kysely, Selectable } from 'kysely'
import { fail, must } from '../errors.ts'
import { chatColumns } from './rows.ts'
import { columnsOf } from '../platform/columns.ts'

type Chat = Pick<Selectable<DB['chats']>, (typeof chatColumns)[number]>
export type OpenChat = Chat & { mine: { role: Selectable<DB['members']>['role']; from_seq: number } }

type Asking = { db: Kysely<DB>; actor: { userId: UserId } }

/** The one door to a chat: the row with my place in it, or the same error whether it is missing or closed to me. */
export async function openChat(ctx: Asking, chatId: ChatId, action: ChatAction): Promise<OpenChat> {
  const found = await ctx.db
    .selectFrom('chats')
    .innerJoin('members', 'members.chat_id', 'chats.id')
    .select(columnsOf('chats', chatColumns))
    .select(['members.role as role', 'members.from_seq'])
    .where('chats.id', '=', chatId)
    .where('members.user_id', '=', ctx.actor.userId)
    .where('members.left_at', 'is', null)
    .executeTakeFirst()
  if (!found) fail('chat.not_found')
  const { role, from_seq, ...chat } = found
  must(mayInChat(chat.kind, role, action), 'chat.forbidden')
  return { ...chat, mine: { role, from_seq } }
}

/** The same door within a statement of one's own: who `$2` is in chat `$1`; no row for somebody who is no member. */
export const placeText = `
  select chats.kind as chat_kind, members.role as my_role
  from chats join members on members.chat_id = chats.id
  where chats.id = $1 and members.user_id = $2 and members.left_at is null`

export type Place = { chat_kind: 'direct' | 'group'; my_role: ChatRole }

/** Every place from which this may be done, as `chat_kind || ' ' || my_role`: the one table of rights, for a statement to compare with. */
export function placesThatMay(action: ChatAction): string[] {
  const kinds = ['direct', 'group'] as const
  return kinds.flatMap((kind) =>
    chatRoles.filter((role) => mayInChat(kind, role, action)).map((role) => `${kind} ${role}`),
  )
}

/** What the statement found, judged as `openChat` would. */
export function mustBeOpen(place: Place | { chat_kind: null }, action: ChatAction): void {
  if (place.chat_kind === null) fail('chat.not_found')
  must(mayInChat(place.chat_kind, place.my_role, action), 'chat.forbidden')
}
