import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // The one clock of SQL. Tests put an offset behind it; the start of the statement is good enough and lets the planner use indexes.
  `create function veche_now() returns timestamptz language sql stable as 'select statement_timestamp()'`,

  // The counters and the locks. Narrow, and never indexed by rev or seq: every send changes them, and must stay a HOT update.
  `create table scopes (
    id uuid primary key,
    kind text not null check (kind in ('dialog', 'meeting', 'user', 'directory')),
    rev bigint not null default 0,
    seq bigint not null default 0
  ) with (fillfactor = 50)`,
  `insert into scopes (id, kind) values ('00000000-0000-7000-8000-000000000001', 'directory')`,

  `create table users (
    id uuid primary key references scopes (id),
    handle text not null unique,
    name text not null,
    email text not null unique,
    password_hash text,
    role text not null check (role in ('member', 'admin', 'owner')),
    seen_at timestamptz,
    disabled_at timestamptz,
    created_at timestamptz not null default veche_now(),
    rev bigint not null
  )`,
  `create index users_by_name on users (lower(name), id)`,
  // For catching up with the directory: people change rarely, so this index costs nothing that matters.
  `create index users_by_rev on users (rev)`,

  `create table user_settings (
    user_id uuid primary key references users (id),
    locale text not null default 'en' check (locale in ('ru', 'en')),
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

  // How often something was tried in a window: sign-in and codes are counted here, so that losing Redis opens no door.
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

  `create table dialogs (
    id uuid primary key references scopes (id),
    kind text not null check (kind in ('direct', 'group')),
    title text,
    direct_key text unique,
    pair uuid[] ,
    member_count integer not null,
    members_rev bigint not null default 0,
    cleared_seq bigint not null default 0,
    history_for_new boolean not null default true,
    created_by uuid not null references users (id),
    created_at timestamptz not null default veche_now(),
    rev bigint not null,
    check ((kind = 'direct') = (direct_key is not null and pair is not null)),
    check ((kind = 'group') = (title is not null))
  )`,

  `create table members (
    dialog_id uuid not null references dialogs (id),
    user_id uuid not null references users (id),
    role text not null check (role in ('member', 'moderator', 'owner')),
    from_seq bigint not null default 0,
    since_rev bigint not null,
    read_seq bigint not null default 0,
    delivered_seq bigint not null default 0,
    unread_mark boolean not null default false,
    notify text not null default 'all' check (notify in ('all', 'none')),
    pinned_at timestamptz,
    joined_at timestamptz not null default veche_now(),
    left_at timestamptz,
    rev bigint not null,
    primary key (dialog_id, user_id)
  ) with (fillfactor = 80)`,
  `create index members_by_user on members (user_id)`,

  `create table messages (
    dialog_id uuid not null references dialogs (id),
    seq bigint not null,
    id uuid not null,
    rev bigint not null,
    author_id uuid not null references users (id),
    client_id uuid,
    client_hash bytea,
    kind text not null check (kind in ('text', 'system')),
    body text,
    system jsonb,
    created_at timestamptz not null default veche_now(),
    edited_at timestamptz,
    deleted_at timestamptz,
    primary key (dialog_id, seq),
    unique (author_id, client_id)
  )`,
  `create index messages_by_rev on messages (dialog_id, rev)`,

  // Mail that is due because of its columns: state, retry_at, claimed_until. The queue only nudges.
  `create table mails (
    id uuid primary key,
    to_address text not null,
    template text not null,
    locale text not null check (locale in ('ru', 'en')),
    data jsonb not null,
    state text not null default 'due' check (state in ('due', 'sent', 'given_up', 'discarded')),
    attempts integer not null default 0,
    retry_at timestamptz not null default veche_now(),
    claimed_until timestamptz,
    error text,
    created_at timestamptz not null default veche_now(),
    sent_at timestamptz
  )`,
  `create index mails_due on mails (retry_at) where state = 'due'`,
  `create index mails_given_up on mails (created_at) where state = 'given_up'`,
]
