import type { MessageRow } from '@veche/shared/rows/rows'
import type { Gallery } from '@veche/shared/schemas/messages'
import { type RawBuilder, sql } from 'kysely'
import { type MyRole, requireRole } from '../chats/access.ts'
import type { Ctx } from '../ctx.ts'
import { countFitting, toMessage, withFiles } from '../messages/rows.ts'
import { firstVisibleSeq, readableChats } from '../platform/scopes/members.ts'

export type GalleryPage = { messages: MessageRow[]; more: boolean }

type Found = Parameters<typeof toMessage>[0]
type Row = { chat_kind: null } | (MyRole & (Found | { seq: null }))

/** What a picture or a video is; an SVG is a text that may hold a script, so it is never shown. */
export function kindOfFile(mime: string): 'media' | 'file' {
  return /^(image\/(?!svg)|video\/)/.test(mime) ? 'media' : 'file'
}

/** A page of the messages that hold something of this kind, in the order of the history. */
export async function readGallery(ctx: Ctx, input: Gallery): Promise<GalleryPage> {
  const { rows } = await galleryStatement(ctx, input).execute(ctx.db)
  requireRole(rows[0]!, 'read')
  const found = rows.filter((row): row is MyRole & Found => row.chat_kind !== null && row.seq !== null)
  const page = found.slice(0, countFitting(found.slice(0, input.limit))).map(toMessage)
  return { messages: isForward(input) ? page : page.reverse(), more: found.length > page.length }
}

/**
 * One statement reads the right, the bounds of the reader and the page, so that no message is shown by a right that has ended meanwhile.
 * `(select) nothing` is a row without columns, so it answers one row in any case.
 */
export function galleryStatement(ctx: Ctx, input: Gallery): RawBuilder<Row> {
  return sql<Row>`
    with mine as materialized (
        select chats.kind as chat_kind, members.role as my_role, ${firstVisibleSeq} as first_seq
        from ${readableChats(ctx.actor.userId)} where chats.id = ${input.chatId}),
      page as materialized (${seqsOfPage(input)})
    select mine.chat_kind, mine.my_role, found.*
    from (select) nothing left join mine on true
      left join page on true
      left join lateral ${withFiles(ctx.db)
        .where('messages.chat_id', '=', input.chatId)
        .where('messages.seq', '=', sql<number>`page.seq`)} found on true
    order by found.seq ${direction(input)}`
}

function isForward({ before, after }: Gallery): boolean {
  return after !== undefined && before === undefined
}

const direction = (input: Gallery) => sql.raw(isForward(input) ? 'asc' : 'desc')

/** A message of ten pictures stands ten times in the index of kinds, and once in the page. */
function seqsOfPage(input: Gallery): RawBuilder<unknown> {
  const { chatId, kind, before, after, limit } = input
  const from =
    kind === 'link'
      ? sql`messages as held where held.chat_id = ${chatId} and ${mayHaveLink}`
      : sql`files as held where held.chat_id = ${chatId} and held.kind = ${kind}`
  return sql`select distinct held.seq from ${from} and held.seq >= (select first_seq from mine)
    ${before === undefined ? sql`` : sql`and held.seq < ${before}`} ${after === undefined ? sql`` : sql`and held.seq > ${after}`}
    order by held.seq ${direction(input)} limit ${limit + 1}`
}

/** The condition of the index `messages_with_links`, letter for letter. A deleted message has no text. */
const mayHaveLink = sql`held.body ~* 'https?://|[[:alnum:]][.](com|net|org|info|edu|gov|pro|biz|web|xxx|aero|asia|coop|museum|name|shop|рф|[a-z]{2})(?![[:alnum:]])'`
