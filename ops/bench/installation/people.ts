import { createHash, randomBytes } from 'node:crypto'
import { DIRECTORY_SCOPE, newId, type SessionId, type UserId } from '@veche/shared/ids'
import type { Pool, PoolClient } from 'pg'

export type Person = { userId: UserId; name: string; cookie: string }

const sessionCookie = 'veche'

/** Creates people with one session each, as after sign-up, without passwords. */
export async function addPeople(pool: Pool, count: number): Promise<Person[]> {
  const people = Array.from({ length: count }, (_, at) => {
    const token = randomBytes(32).toString('base64url')
    const tokenHash = createHash('sha256').update(token).digest()
    const sessionId = newId<SessionId>()
    return {
      userId: newId<UserId>(),
      sessionId,
      name: `Person ${at + 1}`,
      cookie: `${sessionCookie}=${token}`,
      tokenHash,
    }
  })
  const ids = people.map(({ userId }) => userId)
  await inTransaction(pool, async (db) => {
    const directory = `update scopes set rev = rev + $2 where id = $1 returning rev - $2 as rev`
    const { rows } = await db.query<{ rev: string }>(directory, [DIRECTORY_SCOPE, count])
    await db.query(`insert into scopes (id, kind, rev) select id, 'user', 1 from unnest($1::uuid[]) id`, [ids])
    await db.query(
      `insert into users (id, handle, name, email, role, rev)
       select id, 'p' || right(replace(id::text, '-', ''), 24), name, id || '@example.org', 'member', $3 + number
       from unnest($1::uuid[], $2::text[]) with ordinality as given (id, name, number)`,
      [ids, people.map(({ name }) => name), Number(rows[0]!.rev)],
    )
    await db.query(`insert into user_settings (user_id, rev) select id, 1 from unnest($1::uuid[]) id`, [ids])
    await db.query(
      `insert into sessions (id, user_id, token_hash, device, ip, expires_at, rev)
       select id, user_id, hash, 'bench', '127.0.0.1', now() + interval '1 day', 1
       from unnest($1::uuid[], $2::uuid[], $3::bytea[]) as given (id, user_id, hash)`,
      [people.map(({ sessionId }) => sessionId), ids, people.map(({ tokenHash }) => tokenHash)],
    )
  })
  return people.map(({ userId, name, cookie }) => ({ userId, name, cookie }))
}

export async function inTransaction<T>(pool: Pool, work: (db: PoolClient) => Promise<T>): Promise<T> {
  const db = await pool.connect()
  let broken = true
  try {
    await db.query('begin')
    const result = await work(db)
    await db.query('commit')
    broken = false
    return result
  } finally {
    // A connection with an unfinished transaction must not be reused.
    db.release(broken)
  }
}
