import type { ChatId } from '@veche/shared/ids'
import { type RawBuilder, sql } from 'kysely'
import type { Deps } from '../deps.ts'
import type { Env } from '../env.ts'
import { isOlderThan } from '../platform/clock.ts'
import { deleteInBatches } from '../platform/work/batches.ts'

/** Groups that one round deletes; the next round takes the others. */
const maxGroups = 100

/**
 * The ids of groups whose last member left long ago. Nobody can come back into a group without members: only a member adds
 * others, and only a member begins a meeting by which others could join. So what is found here stays true, and needs no lock.
 */
export function emptiedGroups({ KEEP_EMPTIED_GROUPS_DAYS: days }: Env): RawBuilder<{ id: ChatId }> {
  return sql`select c.id from chats c
    where c.kind = 'group' and c.member_count = 0 and c.live_meeting_id is null and ${isOlderThan('c.created_at', days)}
      and not exists (select from members m where m.chat_id = c.id and not coalesce(${isOlderThan('m.left_at', days)}, false))`
}

/**
 * Deletes emptied groups whose meetings have been deleted. Each of their members was told of the end of the membership, and a device that
 * still asks for the chat hears that it is gone.
 */
export async function deleteEmptiedGroups({ db, env }: Pick<Deps, 'db' | 'env'>, signal?: AbortSignal): Promise<void> {
  const { rows } = await sql<{ id: ChatId }>`
    select id from (${emptiedGroups(env)}) emptied
    where not exists (select from meetings where chat_id = emptied.id) limit ${maxGroups}`.execute(db)
  for (const { id } of rows) {
    await deleteInBatches(db, deleteMessages(id), signal)
    await deleteInBatches(db, deleteMemberships(id), signal)
    await deleteChat(id).execute(db)
  }
}

const deleteChat = (id: ChatId) => sql`
  with chat as (delete from chats where id = ${id} returning avatar_id),
    avatar as (delete from avatars using chat where avatars.id = chat.avatar_id)
  delete from scopes where id = ${id}`

const deleteMessages = (id: ChatId) => (limit: number) =>
  sql`
  delete from messages where chat_id = ${id} and seq in (select seq from messages where chat_id = ${id} limit ${limit})`

const deleteMemberships = (id: ChatId) => (limit: number) =>
  sql`
  delete from members where chat_id = ${id} and user_id in (select user_id from members where chat_id = ${id} limit ${limit})`
