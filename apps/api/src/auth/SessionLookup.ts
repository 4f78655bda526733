import type { SessionId, UserId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Pool } from 'pg'
import type { Actor } from '../ctx.ts'
import { Batch } from '../platform/Batch.ts'
import { sqlIn, sqlNow } from '../platform/clock.ts'
import { type Database, runPrepared } from '../platform/db.ts'
import { liveSessionText } from '../platform/live-sessions.ts'
import type { Logger } from '../platform/logger.ts'

const dayMs = 86_400_000
/** A session ends after 90 days without use, and after a year in any case. */
export const idleSessionMs = 90 * dayMs
export const maxSessionMs = 365 * dayMs

type LiveSession = { id: SessionId; user_id: UserId; kind: Actor['kind']; role: Actor['role']; stale: boolean }

/** Every request asks who sends it. Requests at the same time are answered by one statement, and their use is written by another. */
export class SessionLookup {
  readonly #lookups: Batch<LiveSession>
  readonly #checks: Batch<true>
  readonly #uses: Batch<void>

  constructor(polls: Database, lookups: Pool, log: Logger) {
    this.#lookups = new Batch(2, (hashes) => liveSessions(lookups, hashes))
    this.#checks = new Batch(2, (ids) => stillLive(lookups, ids))
    this.#uses = new Batch(1, (ids) => writeUse(polls, log, ids))
  }

  async find(tokenHash: Buffer): Promise<Actor | null> {
    const found = await this.#lookups.ask(tokenHash.toString('hex'))
    if (!found) return null
    if (found.stale) await this.#uses.ask(found.id)
    return { userId: found.user_id, sessionId: found.id, kind: found.kind, role: found.role }
  }

  /** For a request that had to wait: its session may have ended since it came. */
  async isStillLive(id: SessionId): Promise<boolean> {
    return (await this.#checks.ask(id)) ?? false
  }
}

/** Every request runs it, so Postgres keeps it prepared. */
const lookupText = `
  select sessions.id, sessions.user_id, users.kind, users.role, sessions.token_hash,
    sessions.last_used_at < veche_now() - interval '1 minute' as stale
  from sessions join users on users.id = sessions.user_id
  where sessions.token_hash = any($1::bytea[]) and ${liveSessionText()}`

/** The sessions that are valid now, by the hash of their token. */
async function liveSessions(lookups: Pool, hashes: string[]): Promise<Map<string, LiveSession>> {
  const given = hashes.map((hash) => Buffer.from(hash, 'hex'))
  const query = { name: 'session-lookup', text: lookupText, values: [given] }
  const rows = await runPrepared<LiveSession & { token_hash: Buffer }>(lookups, query)
  return new Map(rows.map(({ token_hash, ...row }) => [token_hash.toString('hex'), row]))
}

const checkText = `
  select sessions.id from sessions join users on users.id = sessions.user_id
  where sessions.id = any($1::uuid[]) and ${liveSessionText()}`

async function stillLive(lookups: Pool, ids: string[]): Promise<Map<string, true>> {
  const rows = await runPrepared<{ id: string }>(lookups, { name: 'session-check', text: checkText, values: [ids] })
  return new Map(rows.map(({ id }) => [id, true]))
}

/** Without a new revision: other devices need not learn of it. An error is only logged, so that a full disk locks nobody out. */
async function writeUse(polls: Database, log: Logger, ids: string[]): Promise<Map<string, void>> {
  const until = sql<Date>`least(${sqlIn(idleSessionMs)}, created_at + ${maxSessionMs}::float8 * interval '1 millisecond')`
  await polls
    .updateTable('sessions')
    .set({ last_used_at: sqlNow, expires_at: until })
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    .where('last_used_at', '<', sql<Date>`veche_now() - interval '1 minute'`)
    .execute()
    .catch((error: unknown) => log.warn({ err: error }, 'the last use of a session could not be written'))
  return new Map()
}
