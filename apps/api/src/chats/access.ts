import type { DB } from '@veche/db/types.gen'
import type { ChatId, UserId } from '@veche/shared/ids'
import { type ChatAction, type ChatRole, chatRoles, mayInChat } from '@veche/shared/permissions'
import { type Kysely, type Selectable, sql } from 'kysely'
import { fail, must } from '../errors.ts'
import { columnsOf } from '../platform/columns.ts'
import { missingScopeAs } from '../platform/scopes/changes.ts'
import { firstVisibleSeq, readableChats, readableChatsText } from '../platform/scopes/members.ts'
import { chatColumns } from './rows.ts'

type Chat = Pick<Selectable<DB['chats']>, (typeof chatColumns)[number]>
export type OpenChat = Chat & { mine: { role: ChatRole; first_seq: number } }

type Asking = { db: Kysely<DB>; actor: { userId: UserId } }

const columns = sql.join(columnsOf('chats', chatColumns).map((column) => sql.ref(column)))

/** The way to load a chat: its row with my role in it. A chat that is missing and one that is not mine fail alike. */
export async function openChat(ctx: Asking, chatId: ChatId, action: ChatAction): Promise<OpenChat> {
  const { rows } = await sql<Chat & OpenChat['mine']>`
    select ${columns}, members.role, ${firstVisibleSeq} as first_seq
    from ${readableChats(ctx.actor.userId)} where chats.id = ${chatId}`.execute(ctx.db)
  const [found] = rows
  if (!found) fail('chat.not_found')
  const { role, first_seq, ...chat } = found
  requireRole({ chat_kind: chat.kind, my_role: role }, action)
  return { ...chat, mine: { role, first_seq } }
}

/**
 * The same check inside another statement: the role of user `$2` in chat `$1`, and the revision of its memberships. It finds no row for
 * somebody who is no member today.
 */
export const roleStatement = `
  select chats.kind as chat_kind, members.role as my_role, chats.members_rev from ${readableChatsText('$2')} where chats.id = $1`

export type MyRole = { chat_kind: 'direct' | 'group'; my_role: ChatRole }

/** The table of rights for a statement to compare with: every `chat_kind || ' ' || my_role` that may do this. */
export function rolesThatMay(action: ChatAction): string[] {
  const kinds = ['direct', 'group'] as const
  return kinds.flatMap((kind) =>
    chatRoles.filter((role) => mayInChat(kind, role, action)).map((role) => `${kind} ${role}`),
  )
}

/** Throws what `openChat` throws, for the row that `roleStatement` found. */
export function requireRole(found: MyRole | { chat_kind: null }, action: ChatAction): void {
  if (found.chat_kind === null) fail('chat.not_found')
  must(mayInChat(found.chat_kind, found.my_role, action), 'chat.forbidden')
}

export const orChatNotFound = missingScopeAs('chat.not_found')
export const orUserNotFound = missingScopeAs('user.not_found')
