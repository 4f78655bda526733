import type { ChatId, MeetingId, UserId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'

/** Each function below that adds memberships, sessions or seats adds ended ones, and this many that have not ended. */
export const currentRows = 3

/** Memberships of this person, each with a revision of its own. The last ones are those of today. */
export async function addMemberships({ db }: Deps, userId: UserId, count: number): Promise<void> {
  await sql`with keys as (update scopes set rev = rev + ${count} where id = ${userId} returning rev - ${count} as rev),
    made as (insert into scopes (id, kind, rev) select gen_random_uuid(), 'chat', 1 from generate_series(1, ${count}::int) returning id),
    groups as (insert into chats (id, kind, title, member_count, members_rev, created_by, rev)
      select id, 'group', 'Group', 1, 1, ${userId}, 1 from made returning id)
    insert into members (chat_id, user_id, role, since_rev, rev, left_at)
      select id, ${userId}, 'member', 1, keys.rev + n, case when n <= ${count - currentRows} then veche_now() end
      from (select id, row_number() over () as n from groups) numbered, keys`.execute(db)
}

/** Sessions of this person that all have one revision. */
export async function addSessions({ db }: Deps, userId: UserId, count: number): Promise<void> {
  await sql`with keys as (update scopes set rev = rev + 1 where id = ${userId} returning rev)
    insert into sessions (id, user_id, token_hash, device, ip, expires_at, revoked_at, rev)
      select gen_random_uuid(), ${userId}, sha256(n::text::bytea || ${userId}::text::bytea), 'test', '127.0.0.1',
        veche_now() + interval '1 day', case when n <= ${count - currentRows} then veche_now() end, keys.rev
      from generate_series(1, ${count}::int) n, keys`.execute(db)
}

/** People, each with a revision of the directory of their own. */
export async function addPeople({ db }: Deps, count: number): Promise<void> {
  await sql`with keys as (update scopes set rev = rev + ${count} where kind = 'directory' returning rev - ${count} as rev),
    made as (insert into scopes (id, kind, rev) select gen_random_uuid(), 'user', 1 from generate_series(1, ${count}::int) returning id)
    insert into users (id, handle, name, email, role, rev)
      select id, 'many' || n, 'Person ' || n, 'many' || n || '@example.org', 'member', keys.rev + n
      from (select id, row_number() over () as n from made) numbered, keys`.execute(db)
}

/** Seats of all people but this one in a meeting. The last ones are taken. */
export async function addSeats({ db }: Deps, meetingId: MeetingId, given: { except: UserId; count: number }) {
  const { except, count } = given
  await sql`with keys as (update scopes set rev = rev + ${count} where id = ${meetingId} returning rev - ${count} as rev),
    people as (select id, row_number() over () as n from users
      where id <> ${except} and not exists (select from seats where meeting_id = ${meetingId} and user_id = users.id) limit ${count}),
    touched as (update scopes set rev = scopes.rev + 1 from people where scopes.id = people.id returning scopes.id, scopes.rev)
    insert into seats (id, meeting_id, user_id, session_id, tab, state, capabilities, since_rev, rev, user_rev, left_at)
      select gen_random_uuid(), ${meetingId}, people.id, gen_random_uuid(), gen_random_uuid(),
        case when n <= ${count - currentRows} then 'left' else 'in' end, '{}', keys.rev + n, keys.rev + n, touched.rev,
        case when n <= ${count - currentRows} then veche_now() end
      from people join touched on touched.id = people.id, keys`.execute(db)
}

/** Seats of this person, each in a meeting of its own. The last ones are taken. */
export async function addOwnSeats({ db }: Deps, userId: UserId, given: { chatId: ChatId; count: number }) {
  const { chatId, count } = given
  await sql`with keys as (update scopes set rev = rev + ${count} where id = ${userId} returning rev - ${count} as rev),
    made as (insert into scopes (id, kind, rev) select gen_random_uuid(), 'meeting', 1 from generate_series(1, ${count}::int) returning id),
    meeting as (insert into meetings (id, chat_id, public_id, state, started_by, ended_at, rev)
      select id, ${chatId}, id, 'ended', ${userId}, veche_now(), 1 from made returning id)
    insert into seats (id, meeting_id, user_id, session_id, tab, state, capabilities, since_rev, rev, user_rev, left_at)
      select gen_random_uuid(), id, ${userId}, gen_random_uuid(), gen_random_uuid(),
        case when n <= ${count - currentRows} then 'left' else 'away' end, '{}', 1, 1, keys.rev + n,
        case when n <= ${count - currentRows} then veche_now() end
      from (select id, row_number() over () as n from meeting) numbered, keys`.execute(db)
}

/** New people who are members of a chat and have read up to this message. */
export async function addReaders(
  { db }: Deps,
  chatId: ChatId,
  given: { count: number; readSeq: number },
): Promise<void> {
  const { count, readSeq } = given
  await sql`with made as (insert into scopes (id, kind, rev) select gen_random_uuid(), 'user', 1 from generate_series(1, ${count}::int) returning id),
    people as (insert into users (id, handle, name, email, role, rev)
      select id, 'm' || right(replace(id::text, '-', ''), 24), 'Member', id || '@example.org', 'member', 1 from made returning id)
    insert into members (chat_id, user_id, role, since_rev, read_seq, rev) select ${chatId}, id, 'member', 1, ${readSeq}, 1 from people`.execute(
    db,
  )
}
