import type { UserId } from '@veche/shared/ids'
import { type RawBuilder, sql } from 'kysely'

/**
 * Whether a row of the table `members` is a membership of today: when somebody leaves, the row stays and gets the time of leaving.
 * `alias` is the name of the table in the statement.
 */
export function isCurrentMember(alias: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.raw(currentMemberText(alias))}`
}

function currentMemberText(alias: string): string {
  return `${alias}.left_at is null`
}

/** Whether a member has read anything since they joined. */
export function hasRead(alias: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${alias}.read_seq`)} > ${sql.ref(`${alias}.joined_seq`)}`
}

/** The chats that a person may read, as `chats`, each with their membership, as `members`: what follows `from` in a statement. */
export function readableChats(person: UserId): RawBuilder<unknown> {
  return sql`${sql.raw(readableChatsText(''))}${person}`
}

/** The same for a statement that is written as text. `person` is a parameter such as `$2`. */
export function readableChatsText(person: string): string {
  return `chats join members on members.chat_id = chats.id and ${currentMemberText('members')} and members.user_id = ${person}`
}

/** The ids of these chats, for a statement that needs no more of them. */
export function readableChatIds(person: UserId): RawBuilder<unknown> {
  return sql`select members.chat_id as id from members where ${isCurrentMember('members')} and members.user_id = ${person}`
}

/** The first message of a chat that a member may see. The tables are named `members` and `chats`. */
export const firstVisibleSeq = sql<number>`greatest(members.from_seq, chats.cleared_seq + 1)`

/** Whether the member may see this row of the table `messages`. */
export function isVisibleMessage(alias: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${alias}.seq`)} >= ${firstVisibleSeq}`
}
