import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // One row a media node: what it said last. `dead_boot` is the life of it that was found dead; `reached` says that its control port has
  // answered in this life, so that a refusal means something.
  `create table sfu_nodes (
    id text primary key,
    boot_id uuid not null,
    release text not null,
    signalling text not null,
    control text not null,
    url text,
    workers jsonb not null,
    load real not null,
    is_full boolean not null,
    capabilities jsonb,
    draining boolean not null default false,
    reached boolean not null default false,
    heartbeat_at timestamptz not null default veche_now(),
    dead_boot uuid
  ) with (fillfactor = 50)`,

  `create table meetings (
    id uuid primary key references scopes (id),
    dialog_id uuid not null references dialogs (id),
    public_id text not null unique,
    link_generation integer not null default 1,
    open_to text not null default 'members' check (open_to in ('members', 'everyone')),
    state text not null check (state in ('live', 'ended')),
    started_by uuid not null references users (id),
    card_seq bigint,
    node_id text references sfu_nodes (id),
    node_boot uuid,
    epoch integer not null default 0,
    moved_at timestamptz,
    empty_since timestamptz default veche_now(),
    started_at timestamptz not null default veche_now(),
    ended_at timestamptz,
    rev bigint not null,
    check ((state = 'ended') = (ended_at is not null))
  )`,
  `create unique index meetings_live on meetings (dialog_id) where state = 'live'`,
  `create index meetings_by_dialog on meetings (dialog_id, started_at)`,
  `create index meetings_on_node on meetings (node_id) where state = 'live'`,

  // A seat has two readers: those in the meeting (rev) and the other devices of its person (user_rev). Sessions are forgotten earlier
  // than seats, so the one that took it is no reference.
  `create table seats (
    id uuid primary key,
    meeting_id uuid not null references meetings (id),
    user_id uuid not null references users (id),
    session_id uuid not null,
    tab uuid not null,
    state text not null check (state in ('in', 'away', 'left', 'removed')),
    caps text[] not null,
    epoch integer not null default 1,
    seen_at timestamptz not null default veche_now(),
    joined_at timestamptz not null default veche_now(),
    left_at timestamptz,
    since_rev bigint not null,
    rev bigint not null,
    user_rev bigint not null,
    unique (meeting_id, user_id)
  ) with (fillfactor = 80)`,
  `create index seats_by_user on seats (user_id)`,
  `create index seats_of_people on seats (user_id) where state in ('in', 'away')`,
  `create index seats_taken on seats (meeting_id) where state in ('in', 'away')`,

  `create table attendances (
    meeting_id uuid not null references meetings (id),
    seat_id uuid not null references seats (id),
    user_id uuid not null references users (id),
    came_at timestamptz not null default veche_now(),
    went_at timestamptz,
    primary key (seat_id, came_at)
  )`,
  `create index attendances_by_meeting on attendances (meeting_id)`,

  `alter table dialogs add column live_meeting_id uuid references meetings (id)`,
  `alter table messages drop constraint messages_kind_check`,
  `alter table messages add constraint messages_kind_check check (kind in ('text', 'system', 'call'))`,
  `alter table messages add column call jsonb`,
]
