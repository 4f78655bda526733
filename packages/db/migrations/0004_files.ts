import { type Kysely, sql } from 'kysely'

/** What people attach: the bytes (`contents`), where each was sent and under which name (`files`), and the previews that are due. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // Every row that exists obeys the narrower rule from before, so the table need not be read.
  `alter table messages drop constraint messages_kind_check`,
  `alter table messages add constraint messages_kind_check check (kind in ('text', 'system', 'call', 'file')) not valid`,

  // The bytes themselves are on a disk, under the id. `received` is what was flushed there: an upload goes on from it. The other columns
  // are null until it is complete, and those about pictures until they are known. `discarded_at`: nobody may send it any more, and its
  // bytes are being deleted.
  `create table contents (
    id uuid primary key,
    owner_id uuid not null references users (id),
    size bigint not null check (size >= 0),
    received bigint not null default 0 check (received between 0 and size),
    completed_at timestamptz,
    sha256 bytea,
    mime text,
    width integer,
    height integer,
    thumbhash bytea,
    previewed_at timestamptz,
    sent_at timestamptz,
    discarded_at timestamptz,
    created_at timestamptz not null default veche_now(),
    check ((completed_at is null) = (sha256 is null) and (completed_at is null) = (mime is null))
  )`,
  `create index contents_by_owner on contents (owner_id)`,
  `create index contents_by_age on contents (created_at)`,
  `create index contents_discarded on contents (discarded_at) where discarded_at is not null`,

  // A content has a preview to make while its row here is due. The queue only nudges.
  `create table previews (
    id uuid primary key references contents (id) on delete cascade,
    state text not null default 'due' check (state in ('due', 'done', 'given_up', 'discarded')),
    attempts integer not null default 0,
    retry_at timestamptz not null default veche_now(),
    claimed_until timestamptz,
    error text,
    created_at timestamptz not null default veche_now()
  )`,
  `create index previews_due on previews (retry_at) where state = 'due'`,
  `create index previews_given_up on previews (created_at) where state = 'given_up'`,

  `create table files (
    id uuid primary key,
    content_id uuid not null references contents (id),
    chat_id uuid not null,
    seq bigint not null,
    position smallint not null,
    name text not null,
    unique (chat_id, seq, position),
    foreign key (chat_id, seq) references messages (chat_id, seq) on delete cascade
  )`,
  `create index files_by_content on files (content_id)`,
]
