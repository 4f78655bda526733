import { type ChatId, newId } from '@veche/shared/ids'
import type { Pool } from 'pg'
import { addPeople, inTransaction, type Person } from '../installation/people.ts'

export type ManyChats = { chats: number; messagesEach: number; longChat: number }
export type Owner = Person & { email: string; password: string; longChatId: ChatId }

const others = 50
const password = 'a pot of honey 7'
/** Of the password above, at the cost that the API uses: no sign-in of the bench makes a new one. */
const passwordHash = '$argon2id$v=19$m=47104,t=1,p=1$3Pz5PAWAXemR286/r/3XPA$U7ksgXaxJoGMFdFQDrYq/FmKO4tDDbrLlJCXkpI4ypw'

/** Puts somebody with many groups of four into the database. The newest of the groups is long. One group in ten has unread messages. */
export async function addManyChats(pool: Pool, { chats, messagesEach, longChat }: ManyChats): Promise<Owner> {
  const people = await addPeople(pool, others + 1)
  const me = people[0]!
  const now = Date.now()
  const ids = Array.from({ length: chats }, (_, at) => newId<ChatId>(now - 60_000 * (chats + 1 - at)))
  const longChatId = newId<ChatId>(now)
  await addGroups(pool, people, ids, messagesEach)
  await addGroups(pool, people, [longChatId], longChat)
  await pool.query(`update users set password_hash = $2, role = 'owner' where id = $1`, [me.userId, passwordHash])
  await pool.query('vacuum analyze')
  return { ...me, email: `${me.userId}@example.org`, password, longChatId }
}

/** The last group is the newest one. */
async function addGroups(pool: Pool, people: Person[], ids: ChatId[], messages: number): Promise<void> {
  const users = people.map(({ userId }) => userId)
  await inTransaction(pool, async (db) => {
    await db.query(
      `insert into scopes (id, kind, rev, seq) select id, 'chat', $2::int + 1, $2 from unnest($1::uuid[]) id`,
      [ids, messages],
    )
    await db.query(
      `insert into chats (id, kind, title, member_count, members_rev, created_by, created_at, rev)
       select id, 'group', 'Group ' || lpad(n::text, 5, '0'), 4, 1, $2, ${startOf}, 1
       from unnest($1::uuid[]) with ordinality as given (id, n)`,
      [ids, users[0]],
    )
    await db.query(
      `with placed as (
         select id, n, step, case step when 0 then 1 else (n * 3 + step) % $3 + 2 end as person
         from unnest($1::uuid[]) with ordinality as given (id, n), generate_series(0, 3) step),
       numbered as (select *, row_number() over (partition by person order by n) as change from placed),
       advanced as (
         update scopes set rev = rev + changes from (select person, count(*) as changes from numbered group by person) c
         where scopes.id = ($2::uuid[])[c.person] returning c.person, rev - changes as before)
       insert into members (chat_id, user_id, role, since_rev, read_seq, joined_at, rev)
       select id, ($2::uuid[])[person], case step when 0 then 'owner' else 'member' end, 1,
         case when n % 10 = 0 then greatest(0, $4::int - 3) else $4 end, ${startOf}, before + change
       from numbered join advanced using (person)`,
      [ids, users, others, messages],
    )
    await db.query(
      `insert into messages (chat_id, seq, rev, author_id, kind, body, created_at)
       select id, seq, seq + 1, ($2::uuid[])[(n * 3 + seq % 3 + 1) % $3 + 2], 'text',
         'Message number ' || seq || ' of the morning, as long as such messages are', ${startOf} + seq * interval '1 second'
       from unnest($1::uuid[]) with ordinality as given (id, n), generate_series(1, $4::int) seq`,
      [ids, users, others, messages],
    )
  })
}

/** Each group begins a minute after the one before. */
const startOf = `now() - interval '1 hour' - (cardinality($1::uuid[]) - n) * interval '1 minute'`
