import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // The clock of all statements. Tests add an offset to it. The start of the statement is exact enough, and lets the planner use indexes.
  `create function veche_now() returns timestamptz language sql stable as 'select statement_timestamp()'`,

  // The counters and the locks. The table is narrow and has no index on rev or seq: every message changes a row, which must stay a HOT update.
  `create table scopes (
    id uuid primary key,
    kind text not null check (kind in ('chat', 'meeting', 'user', 'directory')),
    rev bigint not null default 0,
    seq bigint not null default 0
  ) with (fillfactor = 50)`,
  `insert into scopes (id, kind) values ('00000000-0000-7000-8000-000000000001', 'directory')`,

  `create table users (
    id uuid primary key references scopes (id),
    handle text not null unique,
    name text not null,
    kind text not null default 'person' check (kind in ('person', 'guest')),
    -- A guest has no account: a name, a session, and one meeting.
    email text unique check (kind = 'guest' or email is not null),
    password_hash text,
    role text not null check (role in ('member', 'admin', 'owner')),
    seen_at timestamptz,
    disabled_at timestamptz,
    created_at timestamptz not null default veche_now(),
    rev bigint not null
  )`,
  `create index users_by_name on users (lower(name), id)`,
  // For sync of the directory. People change rarely, so this index costs little.
  `create index users_by_rev on users (rev)`,

  `create table user_settings (
    user_id uuid primary key references users (id),
    locale text not null default 'en' check (locale ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$'),
    theme text not null default 'system' check (theme in ('system', 'light', 'dark')),
    contrast text not null default 'system' check (contrast in ('system', 'more')),
    single_keys boolean not null default true,
    rev bigint not null
  )`,

  `create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id),
    token_hash bytea not null unique,
    device text not null,
    ip text not null,
    created_at timestamptz not null default veche_now(),
    last_used_at timestamptz not null default veche_now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    rev bigint not null
  )`,
  `create index sessions_by_user on sessions (user_id)`,

  // One-time secrets: 6-digit codes by mail (reset) and 256-bit links of the operator (first, recovery).
  `create table codes (
    id uuid primary key,
    purpose text not null check (purpose in ('reset', 'first', 'recovery')),
    target text not null,
    code_hash bytea not null,
    attempts integer not null default 0,
    created_at timestamptz not null default veche_now(),
    expires_at timestamptz not null,
    used_at timestamptz
  )`,
  `create index codes_by_target on codes (purpose, target)`,
  `create index codes_by_hash on codes (code_hash)`,

  // How often something was tried in a window. Sign-ins and codes are counted here, so that losing Redis gives attackers no more tries.
  `create table attempts (
    key bytea not null,
    window_start timestamptz not null,
    count integer not null,
    primary key (key, window_start)
  )`,

  `create table invites (
    id uuid primary key,
    token_hash bytea not null unique,
    role text not null check (role in ('member', 'admin')),
    email text,
    uses_left integer not null check (uses_left >= 0),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    created_by uuid not null references users (id),
    created_at timestamptz not null default veche_now()
  )`,

  `create table chats (
    id uuid primary key references scopes (id),
    kind text not null check (kind in ('direct', 'group')),
    title text,
    direct_key text unique,
    pair uuid[] ,
    member_count integer not null,
    members_rev bigint not null default 0,
    cleared_seq bigint not null default 0,
    history_for_new boolean not null default true,
    -- Made for a meeting with a link, and nothing was written in it yet: it is found under the meetings and not in the list of chats.
    meeting_only boolean not null default false,
    created_by uuid not null references users (id),
    created_at timestamptz not null default veche_now(),
    rev bigint not null,
    check ((kind = 'direct') = (direct_key is not null and pair is not null)),
    check ((kind = 'group') = (title is not null))
  )`,

  `create table members (
    chat_id uuid not null references chats (id),
    user_id uuid not null references users (id),
    role text not null check (role in ('member', 'moderator', 'owner')),
    from_seq bigint not null default 0,
    since_rev bigint not null,
    -- The message that told of the joining: a read position up to it is no reading.
    joined_seq bigint not null default 0,
    read_seq bigint not null default 0,
    delivered_seq bigint not null default 0,
    unread_mark boolean not null default false,
    notify text not null default 'all' check (notify in ('all', 'none')),
    pinned_at timestamptz,
    joined_at timestamptz not null default veche_now(),
    left_at timestamptz,
    -- Another member ended this membership: its user cannot rejoin by an open link.
    was_removed boolean not null default false,
    rev bigint not null,
    primary key (chat_id, user_id)
  ) with (fillfactor = 80)`,
  `create index members_by_user on members (user_id)`,
  // The furthest reader of a chat is at its beginning. The predicate is that of hasRead and isCurrentMember.
  `create index members_by_read on members (chat_id, read_seq desc) where left_at is null and read_seq > joined_seq`,

  `create table messages (
    chat_id uuid not null references chats (id),
    seq bigint not null,
    rev bigint not null,
    author_id uuid not null references users (id),
    client_id uuid,
    client_hash bytea,
    kind text not null check (kind in ('text', 'system', 'call')),
    body text,
    system jsonb,
    call jsonb,
    created_at timestamptz not null default veche_now(),
    edited_at timestamptz,
    deleted_at timestamptz,
    primary key (chat_id, seq),
    unique (author_id, client_id)
  )`,
  `create index messages_by_rev on messages (chat_id, rev)`,

  // A mail is due because of its columns state, retry_at and claimed_until. The queue only nudges.
  `create table mails (
    id uuid primary key,
    to_address text not null,
    template text not null,
    locale text not null check (locale in ('ru', 'en')),
    data jsonb not null,
    state text not null default 'due' check (state in ('due', 'done', 'given_up', 'discarded')),
    attempts integer not null default 0,
    retry_at timestamptz not null default veche_now(),
    claimed_until timestamptz,
    error text,
    created_at timestamptz not null default veche_now(),
    sent_at timestamptz
  )`,
  `create index mails_due on mails (retry_at) where state = 'due'`,
  `create index mails_given_up on mails (created_at) where state = 'given_up'`,

  // One row for each media node, with its last heartbeat. `dead_boot` is a boot that was found dead; `past_boots` are those that newer
  // ones replaced, the newest first: a late heartbeat of one of them is refused.
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
    heartbeat_at timestamptz not null default veche_now(),
    dead_boot uuid,
    past_boots uuid[] not null default '{}'
  ) with (fillfactor = 50)`,

  `create table meetings (
    id uuid primary key references scopes (id),
    chat_id uuid not null references chats (id),
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
    -- How many people took part, counted at the end: their attendances may be deleted earlier than the meeting.
    people integer not null default 0,
    rev bigint not null,
    check ((state = 'ended') = (ended_at is not null))
  )`,
  `create unique index meetings_live on meetings (chat_id) where state = 'live'`,
  `create index meetings_by_end on meetings (ended_at) where state = 'ended'`,
  `create index meetings_by_chat on meetings (chat_id, started_at)`,
  `create index meetings_on_node on meetings (node_id) where state = 'live'`,

  // A seat travels in two scopes: that of the meeting (rev) and that of its user (user_rev). Sessions are deleted earlier than seats, so
  // session_id is no reference.
  `create table seats (
    id uuid primary key,
    meeting_id uuid not null references meetings (id),
    user_id uuid not null references users (id),
    session_id uuid not null,
    tab uuid not null,
    state text not null check (state in ('in', 'away', 'left', 'removed')),
    capabilities text[] not null,
    epoch integer not null default 1,
    seen_at timestamptz not null default veche_now(),
    joined_at timestamptz not null default veche_now(),
    left_at timestamptz,
    since_rev bigint not null,
    rev bigint not null,
    user_rev bigint not null,
    unique (meeting_id, user_id)
  ) with (fillfactor = 80)`,
  // Every frame of a user scope asks which of the user's seats changed, and seats are kept for months.
  `create index seats_by_user on seats (user_id, user_rev)`,
  `create index seats_of_people on seats (user_id) where state in ('in', 'away')`,
  `create index seats_by_end on seats (left_at) where state in ('left', 'removed')`,
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
  `create index attendances_by_end on attendances (went_at)`,

  // Added last, since chats and meetings refer to each other.
  `alter table chats add column live_meeting_id uuid references meetings (id)`,
  // For the reference: each meeting that is deleted is looked for here.
  `create index chats_by_live_meeting on chats (live_meeting_id) where live_meeting_id is not null`,
  `create index chats_emptied on chats (id) where kind = 'group' and member_count = 0`,
]
