import { type Kysely, sql } from 'kysely'

/** Sound, video and voice messages, with who has listened to them; pictures of people and groups; uploads to S3. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // Every row that exists obeys the narrower rule from before, so the table need not be read.
  `alter table messages drop constraint messages_kind_check`,
  `alter table messages add constraint messages_kind_check check (kind in ('text', 'system', 'call', 'file', 'voice')) not valid`,
  // When somebody other than its author first listened to a voice message.
  `alter table messages add column listened_at timestamptz`,

  // `waveform`: how loud a sound is, from its beginning to its end, a byte for each part. `rendition_at`: a version that every browser
  // plays was made. `multipart_id`: the upload to S3 that has begun; `last_part`: the highest number that an attempt has taken; `tail`: the
  // name of what was received and is no part yet.
  `alter table contents add column duration_ms integer, add column waveform bytea, add column rendition_at timestamptz,
    add column multipart_id text, add column last_part integer not null default 0, add column tail text`,
  // What S3 has of an upload that is not complete.
  `create table upload_parts (
    content_id uuid not null references contents (id) on delete cascade,
    number integer not null,
    etag text not null,
    bytes integer not null,
    primary key (content_id, number)
  )`,

  // Voice messages that I have listened to.
  `create table listened (
    user_id uuid not null references users (id),
    chat_id uuid not null,
    seq bigint not null,
    rev bigint not null,
    primary key (user_id, chat_id, seq),
    foreign key (chat_id, seq) references messages (chat_id, seq) on delete cascade
  )`,
  `create index listened_by_rev on listened (user_id, rev)`,

  // A picture of a person or of a group. Its bytes are kept like those of contents. One that no row names any more is deleted by a sweep.
  `create table avatars (
    id uuid primary key,
    created_at timestamptz not null default veche_now()
  )`,
  `alter table users add column avatar_id uuid references avatars (id)`,
  `alter table chats add column avatar_id uuid references avatars (id)`,
  `create index users_by_avatar on users (avatar_id) where avatar_id is not null`,
  `create index chats_by_avatar on chats (avatar_id) where avatar_id is not null`,
]
