import type { ClientId, ChatId, UserId } from '@veche/shared/ids'
import type { SystemEvent } from '@veche/shared/rows/rows'
import type { Pool } from 'pg'
import type { Stored, StormRecord } from './record.ts'

type Row = {
  chat_id: ChatId
  seq: string
  rev: string
  author_id: UserId
  client_id: ClientId | null
  body: string | null
  system: SystemEvent | null
  at: number
  deleted: boolean
}

export async function readStored(pool: Pool): Promise<Pick<StormRecord, 'stored' | 'scopes'>> {
  const messages = await pool.query<Row>(
    `select chat_id, seq, rev, author_id, client_id, body, system, deleted_at is not null as deleted,
       extract(epoch from created_at)::float8 * 1000 as at
     from messages order by chat_id, seq`,
  )
  const scopes = await pool.query<{ id: ChatId; seq: string; rev: string }>(
    `select id, seq, rev from scopes where kind = 'chat'`,
  )
  return {
    stored: messages.rows.map(toStored),
    scopes: scopes.rows.map(({ id, seq, rev }) => ({ id, seq: Number(seq), rev: Number(rev) })),
  }
}

function toStored({ chat_id, author_id, client_id, seq, rev, ...row }: Row): Stored {
  const { body, system, at, deleted } = row
  const numbers = { seq: Number(seq), rev: Number(rev) }
  return { ...numbers, chatId: chat_id, author: author_id, clientId: client_id, body, system, at, deleted }
}
