import type { DB } from '@veche/db/types.gen'
import type { ChatId, ScopeId } from '@veche/shared/ids'
import { serverLimits } from '@veche/shared/server-limits'
import type { MessageFile, MessageRow } from '@veche/shared/rows/rows'
import { type Kysely, type Selectable, sql } from 'kysely'
import { iso, isoOrNull } from '../platform/clock.ts'
import { columnsOf } from '../platform/columns.ts'
import type { RowSource } from '../platform/scopes/row-sources.ts'

export const messageColumns = [
  'chat_id',
  'seq',
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
  'listened_at',
] as const

type Message = Pick<Selectable<DB['messages']>, (typeof messageColumns)[number]> & { files?: MessageFile[] | null }

/** A deleted message keeps author, seq and kind; its content never leaves the server again, whatever the table still holds. */
export function toMessage(row: Message): MessageRow {
  const { seq, rev, kind, files } = row
  const deleted = row.deleted_at !== null
  return {
    chatId: row.chat_id,
    seq,
    rev,
    authorId: row.author_id,
    clientId: row.client_id,
    kind,
    body: deleted ? null : row.body,
    system: deleted ? null : row.system,
    // Cards that were written before there were audio calls do not say whether they are one.
    call: deleted || !row.call ? null : { ...row.call, audio: row.call.audio ?? false },
    ...(files && !deleted ? { files } : {}),
    ...(kind === 'voice' && !deleted ? { listened: row.listened_at !== null } : {}),
    createdAt: iso(row.created_at),
    editedAt: isoOrNull(row.edited_at),
    deletedAt: isoOrNull(row.deleted_at),
  }
}

/** In their order. Messages of other kinds have none, and pay nothing for it. */
const filesOfMessage = sql<
  MessageFile[] | null
>`case when messages.kind in ('file', 'voice') and messages.deleted_at is null then (
  select json_agg(json_build_object(
      'id', files.id, 'name', files.name, 'size', contents.size, 'mime', contents.mime,
      'width', contents.width, 'height', contents.height, 'thumbhash', encode(contents.thumbhash, 'base64'),
      'durationMs', contents.duration_ms, 'waveform', encode(contents.waveform, 'base64'), 'hasRendition', contents.rendition_at is not null,
      'preview', case when contents.previewed_at is not null then 'done' when previews.state = 'due' and contents.examined_at is null then 'due' else 'none' end)
    order by files.position)
  from files join contents on contents.id = files.content_id left join previews on previews.id = contents.id
  where files.chat_id = messages.chat_id and files.seq = messages.seq) end`

/** Messages as they are read: with their files. */
export function withFiles(db: Kysely<DB>) {
  return db.selectFrom('messages').select([...columnsOf('messages', messageColumns), filesOfMessage.as('files')])
}

const newestCount = { page: 50, last: 1 }

const messagesOf = (db: Kysely<DB>, chatId: ScopeId) => withFiles(db).where('messages.chat_id', '=', chatId as ChatId)

const messages: RowSource<'messages'> = {
  scope: 'chat',
  table: 'messages',
  revColumn: 'messages.rev',
  textColumns: ['body', 'files'],
  rows: messagesOf,
  newest: (db, id, which) => messagesOf(db, id).orderBy('messages.seq', 'desc').limit(newestCount[which]),
  toWire: toMessage,
}

export const messageRowSources = [messages]

/** How many of these fit into a page: one at least. */
export function countFitting(rows: { body: string | null; files?: MessageFile[] | null }[]): number {
  let bytes = 0
  const end = rows.findIndex(({ body, files }) => {
    bytes += Buffer.byteLength(body ?? '') + (files ? Buffer.byteLength(JSON.stringify(files)) : 0)
    return bytes > serverLimits.historyBytes
  })
  return end === -1 ? rows.length : Math.max(1, end)
}
