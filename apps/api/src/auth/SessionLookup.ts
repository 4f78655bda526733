import type { SessionId, UserId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Actor } from '../ctx.ts'
import { Batch } from '../platform/Batch.ts'
import { sqlIn, sqlNow } from '../platform/clock.ts'
import type { Database } from '../platform/db.ts'
import type { Logger } from '../platform/logger.ts'

const day = 86_400_000
/** A session that nobody uses ends after 90 days, and every session after a year. */
export const idle = 90 * day
export const absolute = 365 * day

type LiveSession = { id: SessionId; user_id: UserId; role: Actor['role']; stale: boolean }

/** Every request asks who it is: those that come at once are answered by one statement, and noted as used by another. */
export class SessionLookup {
  readonly #asked: Batch<LiveSession>
  readonly #used: Batch<void>

  constructor(polls: Database, log: Logger) {
    this.#asked = new Batch(2, (hashes) => liveSessions(polls, hashes))
    this.#used = new Batch(1, (ids) => noteUse(polls, log, ids))
  }

  async find(tokenHash: Buffer): Promise<Actor | null> {
    const found = await this.#asked.ask(tokenHash.toString('hex'))
    if (!found) return null
    if (found.stale) await this.#used.ask(found.id)
    return { userId: found.user_id, sessionId: found.id, role: found.role }
  }
}

/** Those that are good at this moment, by the hash of their token. */
async function liveSessions(polls: Database, hashes: string[]): Promise<Map<string, LiveSession>> {
  const given = hashes.map((hash) => Buffer.from(hash, 'hex'))
  const rows = await polls
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'sessions.user_id', 'users.role', 'sessions.token_hash'])
    .select(sql<boolean>`sessions.last_used_at < veche_now() - interval '1 minute'`.as('stale'))
    .where(sql<boolean>`sessions.token_hash = any(${given}::bytea[])`)
    .where('sessions.revoked_at', 'is', null)
    .where('users.disabled_at', 'is', null)
    .where('sessions.expires_at', '>', sqlNow)
    .execute()
  return new Map(rows.map(({ token_hash, ...row }) => [token_hash.toString('hex'), row]))
}

/** Without a new revision: the time of last use is no news to anybody. A full disk must not lock people out. */
async function noteUse(polls: Database, log: Logger, ids: string[]): Promise<Map<string, void>> {
  const until = sql<Date>`least(${sqlIn(idle)}, created_at + ${absolute}::float8 * interval '1 millisecond')`
  await polls
    .updateTable('sessions')
    .set({ last_used_at: sqlNow, expires_at: until })
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    .where('last_used_at', '<', sql<Date>`veche_now() - interval '1 minute'`)
    .execute()
    .catch((error: unknown) => log.warn({ err: error }, 'the last use of a session could not be written'))
  return new Map()
}
