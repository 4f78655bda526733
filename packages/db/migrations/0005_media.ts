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
  // plays was made. `examined_at`: what there is to find out is known, or was given up. `multipart_id`: the upload
  // to S3 that has begun; `last_part`: the highest number that an attempt has taken; `tail`: the name of what was received and is no part
  // yet.
  `alter table contents add column duration_ms integer, add column waveform bytea, add column rendition_at timestamptz,
    add column examined_at timestamptz, add column multipart_id text,
    add column last_part integer not null default 0, add column tail text`,

  // Pictures and documents, or sound and video: one kind does not wait for the other.
  `alter table previews add column kind text not null default 'picture' check (kind in ('picture', 'media'))`,

  // A version of a content that every browser plays is to be made while its row here is due.
  `create table renditions (
    id uuid primary key references contents (id) on delete cascade,
    state text not null default 'due' check (state in ('due', 'done', 'given_up', 'discarded')),
    attempts integer not null default 0,
    retry_at timestamptz not null default veche_now(),
    claimed_until timestamptz,
    error text,
    created_at timestamptz not null default veche_now()
  )`,
  `create index renditions_due on renditions (retry_at) where state = 'due'`,
  `create index renditions_given_up on renditions (created_at) where state = 'given_up'`,

  // Whose content it is, because people take turns: one index leads from a person to the next one who has work that is due, and one
  // counts what was done for each. A trigger fills it, so it is there while the release before writes too; the owner of a content never changes.
  `create function note_owner_of_work() returns trigger language plpgsql as $$
  begin
    new.owner_id := (select owner_id from contents where id = new.id);
    return new;
  end $$`,
  `alter table previews add column owner_id uuid`,
  `alter table renditions add column owner_id uuid not null`,
  `update previews set owner_id = (select owner_id from contents where contents.id = previews.id)`,
  `create trigger owner_of_preview before insert on previews for each row execute function note_owner_of_work()`,
  `create trigger owner_of_rendition before insert on renditions for each row execute function note_owner_of_work()`,
  `alter table previews alter column owner_id set not null`,
  `create index previews_ended_by_owner on previews (kind, owner_id, created_at) where state <> 'due'`,
  `create index previews_due_by_owner on previews (kind, owner_id, created_at, id) where state = 'due'`,
  `create index renditions_ended_by_owner on renditions (owner_id, created_at) where state <> 'due'`,
  `create index renditions_due_by_owner on renditions (owner_id, created_at, id) where state = 'due'`,

  // What S3 has of an upload that is not complete.
  `create table upload_parts (
    content_id uuid not null references contents (id) on delete cascade,
    number integer not null,
    etag text not null,
    bytes integer not null,
    primary key (content_id, number)
  )`,

  // Voice messages that I have listened to. `message_at`: when the message was written. Rows of old messages are deleted.
  `create table listened (
    user_id uuid not null references users (id),
    chat_id uuid not null,
    seq bigint not null,
    message_at timestamptz not null,
    rev bigint not null,
    primary key (user_id, chat_id, seq),
    foreign key (chat_id, seq) references messages (chat_id, seq) on delete cascade
  )`,
  `create index listened_by_rev on listened (user_id, rev)`,
  `create index listened_by_message on listened (chat_id, seq)`,
  `create index listened_by_age on listened (message_at)`,

  // The avatar of a person or of a group, in squares of so many pixels. It comes and goes in one transaction with the id that names it.
  `create table avatars (
    id uuid primary key,
    px64 bytea not null,
    px160 bytea not null,
    px640 bytea not null,
    created_at timestamptz not null default veche_now()
  )`,
  // Pictures are compressed already.
  `alter table avatars alter column px64 set storage external, alter column px160 set storage external,
    alter column px640 set storage external`,
  `alter table users add column avatar_id uuid references avatars (id)`,
  `alter table chats add column avatar_id uuid references avatars (id)`,
  `create index users_by_avatar on users (avatar_id) where avatar_id is not null`,
  `create index chats_by_avatar on chats (avatar_id) where avatar_id is not null`,

  // How many uploads each person has, and their bytes: reading a million contents for each upload would take too long. A trigger keeps
  // the sums, so they are right while the release before writes too. Neither the size nor the owner of a content ever changes. The rows are
  // locked in one order, because a sweep deletes contents of many people at once.
  `create table content_sums (
    owner_id uuid primary key references users (id),
    contents bigint not null,
    bytes bigint not null
  )`,
  `create function add_to_content_sums() returns trigger language plpgsql as $$
  begin
    insert into content_sums as kept (owner_id, contents, bytes)
      select owner_id, count(*), sum(size) from added group by owner_id order by owner_id
      on conflict (owner_id) do update
        set contents = kept.contents + excluded.contents, bytes = kept.bytes + excluded.bytes;
    return null;
  end $$`,
  `create function take_from_content_sums() returns trigger language plpgsql as $$
  begin
    insert into content_sums as kept (owner_id, contents, bytes)
      select owner_id, -count(*), -sum(size) from taken group by owner_id order by owner_id
      on conflict (owner_id) do update
        set contents = kept.contents + excluded.contents, bytes = kept.bytes + excluded.bytes;
    return null;
  end $$`,
  `create trigger contents_added after insert on contents referencing new table as added
    for each statement execute function add_to_content_sums()`,
  `create trigger contents_taken after delete on contents referencing old table as taken
    for each statement execute function take_from_content_sums()`,
  `insert into content_sums select owner_id, count(*), sum(size) from contents group by owner_id`,

  // A person may have so many uploads only that no message holds.
  `create index contents_unsent on contents (owner_id) where sent_at is null`,
]
