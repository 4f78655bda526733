import type { DB } from '@veche/db/types.gen'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { Selectable } from 'kysely'
import { iso, isoOrNull } from '../platform/clock.ts'
import { columnsOf } from '../platform/columns.ts'
import type { RowSource } from '../platform/row-sources.ts'

export const messageColumns = [
  'chat_id',
  'seq',
  'id',
  'rev',
  'author_id',
  'client_id',
  'kind',
  'body',
  'system',
  'call',
  'created_at',
  'edited_at',
  'deleted_at',
] as const

type Message = Pick<Selectable<DB['messages']>, (typeof messageColumns)[number]>

/** A deleted message keeps author, seq and kind; its words never leave the server again, whatever the table still holds. */
export function toMessage(row: Message): MessageRow {
  const { id, seq, rev, kind } = row
  const deleted = row.deleted_at !== null
  return {
    chatId: row.chat_id,
    seq,
    id,
    rev,
    authorId: row.author_id,
    clientId: row.client_id,
    kind,
    body: deleted ? null : row.body,
    system: deleted ? null : row.system,
    call: deleted ? null : row.call,
    createdAt: iso(row.created_at),
    editedAt: isoOrNull(row.edited_at),
    deletedAt: isoOrNull(row.deleted_at),
  }
}

const count = { newest: 50, last: 1 }

const messages: RowSource<'messages'> = {
  scope: 'chat',
  table: 'messages',
  revColumn: 'messages.rev',
  rows: (db, id) =>
    db
      .selectFrom('messages')
      .select(columnsOf('messages', messageColumns))
      .where('messages.chat_id', '=', id as never),
  newest: (db, id, much) =>
    db
      .selectFrom('messages')
      .select(columnsOf('messages', messageColumns))
      .where('messages.chat_id', '=', id as never)
      .orderBy('messages.seq', 'desc')
      .limit(count[much]),
  toWire: toMessage,
}

export const rowSources = [messages]
