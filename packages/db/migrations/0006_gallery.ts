import { type Kysely, sql } from 'kysely'
import { backfill, createIndexOnline } from '../src/online.ts'

/** The gallery of a chat finds a page of one kind without reading the messages between. */
export const transactional = false

export async function up(db: Kysely<unknown>): Promise<void> {
  // A release from before, which still runs meanwhile, writes no kind: a picture that it sends is among the other files.
  await sql`alter table files add column if not exists kind text not null default 'file'`.execute(db)
  await sql`alter table files drop constraint if exists files_kind_check`.execute(db)
  await sql`alter table files add constraint files_kind_check check (kind in ('media', 'file', 'voice')) not valid`.execute(
    db,
  )
  await backfill(db, fillVoice)
  await backfill(db, fillMedia)
  await createIndexOnline(db, 'files_by_kind', 'on files (chat_id, kind, seq)')
  // Its condition takes in all that clients show as a link, and a little more: they show only what has one.
  await createIndexOnline(db, 'messages_with_links', `on messages (chat_id, seq) where ${mayHaveLink}`)
}

const fillVoice = `update files set kind = 'voice' where id in (
  select files.id from files join messages on messages.chat_id = files.chat_id and messages.seq = files.seq
  where files.kind = 'file' and messages.kind = 'voice' limit 1000)`

const fillMedia = `update files set kind = 'media' where id in (
  select files.id from files join contents on contents.id = files.content_id
  where files.kind = 'file' and contents.mime ~ '^(image/(?!svg)|video/)' limit 1000)`

/** The statement that uses the index says the same, letter for letter. */
const mayHaveLink = `body ~* 'https?://|[[:alnum:]][.](com|net|org|info|edu|gov|pro|biz|web|xxx|aero|asia|coop|museum|name|shop|рф|[a-z]{2})(?![[:alnum:]])'`
