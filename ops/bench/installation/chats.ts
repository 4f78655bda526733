import { type ChatId, newId, type UserId } from '@veche/shared/ids'
import type { Pool, PoolClient } from 'pg'
import { inTransaction } from './people.ts'

export type NewChat = { title: string | null; members: UserId[]; historyForNew?: boolean }

/** Creates chats as the API would. The first member owns a group; a chat without a title is a direct chat. */
export async function addChats(pool: Pool, chats: NewChat[]): Promise<ChatId[]> {
  return inTransaction(pool, async (db) => {
    const ids: ChatId[] = []
    for (const chat of chats) ids.push(await addChat(db, chat))
    return ids
  })
}

async function addChat(db: PoolClient, { title, members, historyForNew = true }: NewChat): Promise<ChatId> {
  const id = newId<ChatId>()
  const pair = title === null ? [...members].sort() : null
  await db.query(`insert into scopes (id, kind, rev) values ($1, 'chat', 1)`, [id])
  await db.query(
    `insert into chats (id, kind, title, direct_key, pair, member_count, members_rev, history_for_new, created_by, rev)
     values ($1, $2, $3, $4, $5, $6, 1, $7, $8, 1)`,
    [id, pair ? 'direct' : 'group', title, pair?.join(':'), pair, members.length, historyForNew, members[0]],
  )
  await db.query(
    `with advanced as (update scopes set rev = rev + 1 where id = any($2::uuid[]) returning id, rev)
     insert into members (chat_id, user_id, role, since_rev, rev)
     select $1, id, case when id = $3 then 'owner' else 'member' end, 1, rev from advanced`,
    [id, members, pair ? null : members[0]],
  )
  return id
}

/** Inserts messages with one revision each, as sends would, without hints. */
export async function addMessages(pool: Pool, ids: ChatId[], author: UserId, count: number): Promise<void> {
  await pool.query(
    `with advanced as (update scopes set rev = rev + $3, seq = seq + $3 where id = any($1::uuid[]) returning id, rev, seq)
     insert into messages (chat_id, seq, rev, author_id, kind, body)
     select advanced.id, advanced.seq - $3 + n, advanced.rev - $3 + n, $2, 'text', 'Message number ' || n || ' of the morning'
     from advanced, generate_series(1, $3::int) n`,
    [ids, author, count],
  )
}

/** Deletes a message: the row stays as a tombstone with a new revision. Returns whether there was a message. */
export async function deleteMessage(pool: Pool, id: ChatId, seq: number): Promise<boolean> {
  return inTransaction(pool, async (db) => {
    await db.query(`select from scopes where id = $1 for no key update`, [id])
    const { rowCount } = await db.query(
      `with advanced as (update scopes set rev = rev + 1
         where id = $1 and exists (select from messages where chat_id = $1 and seq = $2 and kind = 'text' and deleted_at is null)
         returning rev)
       update messages set deleted_at = now(), body = null, rev = advanced.rev from advanced where chat_id = $1 and seq = $2`,
      [id, seq],
    )
    return rowCount === 1
  })
}
