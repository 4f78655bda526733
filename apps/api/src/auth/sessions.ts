import { createHash, randomBytes } from 'node:crypto'
import { newId, type SessionId, type UserId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Actor, Anyone, Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { Batch } from '../platform/Batch.ts'
import { sqlIn, sqlNow } from '../platform/clock.ts'
import type { Database } from '../platform/db.ts'
import { advance } from '../platform/scopes.ts'

export const sessionCookie = '__Host-veche'

const day = 86_400_000
/** A session that nobody uses ends after 90 days, and every session after a year. */
const idle = 90 * day
const absolute = 365 * day
/** So many devices at once; one more ends the one that was not used for longest. */
const atOnce = 100

/** 256 random bits; only their hash is kept. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Who holds this token: the one question that every door asks. */
export async function findActor(deps: Deps, token: string | undefined): Promise<Actor | null> {
  if (!token) return null
  const found = await deps.sessions.ask(hashToken(token).toString('hex'))
  if (!found) return null
  if (found.stale) await touch(deps, found.id)
  return { userId: found.user_id, sessionId: found.id, role: found.role }
}

type LiveSession = { id: SessionId; user_id: UserId; role: Actor['role']; stale: boolean }

/** Sessions that are good at this moment, by the hash of their token; those who ask at once are answered by one statement. */
export function sessionLookup(polls: Database): Batch<LiveSession> {
  return new Batch(2, async (hashes) => {
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
  })
}

export type Opened = { userId: UserId; sessionId: SessionId; token: string; until: Date }

/** A new session of a person whose scope is locked. The browser's earlier session ends with it. */
export async function openSession(tx: Tx<Anyone>, userId: UserId): Promise<Opened> {
  if (tx.actor) await endSessions(tx, tx.actor.userId, { only: tx.actor.sessionId })
  await endSurplus(tx, userId)
  const sessionId = newId<SessionId>(tx.clock.now())
  const token = newToken()
  const { device, ip } = tx.connection
  const rev = await advance(tx, { kind: 'user', id: userId })
  await tx.db
    .insertInto('sessions')
    .values({
      id: sessionId,
      user_id: userId,
      token_hash: hashToken(token),
      device,
      ip,
      expires_at: sqlIn(idle),
      rev,
    })
    .execute()
  // The cookie may live as long as a session can; the server alone decides when one is over.
  return { userId, sessionId, token, until: new Date(tx.clock.now() + absolute) }
}

export type Ending = { only?: SessionId; except?: SessionId; expired?: boolean }

/** Ends sessions of a person whose scope is locked, and has open sockets looked at once. */
export async function endSessions(tx: Tx<Deps>, userId: UserId, { only, except, expired }: Ending = {}): Promise<void> {
  let query = tx.db.selectFrom('sessions').select('id').where('user_id', '=', userId).where('revoked_at', 'is', null)
  if (only) query = query.where('id', '=', only)
  if (expired) query = query.where('expires_at', '<=', sqlNow)
  if (except) query = query.where('id', '<>', except)
  const ids = (await query.execute()).map(({ id }) => id)
  await revoke(tx, userId, ids)
}

async function endSurplus(tx: Tx<Anyone>, userId: UserId): Promise<void> {
  const rows = await tx.db
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .orderBy('last_used_at', 'desc')
    .offset(atOnce - 1)
    .execute()
  await revoke(
    tx,
    userId,
    rows.map(({ id }) => id),
  )
}

async function revoke(tx: Tx<Deps>, userId: UserId, ids: SessionId[]): Promise<void> {
  if (ids.length === 0) return
  const rev = await advance(tx, { kind: 'user', id: userId })
  await tx.db.updateTable('sessions').set({ revoked_at: sqlNow, rev }).where('id', 'in', ids).execute()
  tx.after.sessions.push({ userId })
}

/** Without a new revision: the time of last use is no news to anybody. A full disk must not lock people out. */
async function touch(deps: Deps, id: SessionId): Promise<void> {
  const until = sql<Date>`least(${sqlIn(idle)}, created_at + ${absolute}::float8 * interval '1 millisecond')`
  await deps.polls
    .updateTable('sessions')
    .set({ last_used_at: sqlNow, expires_at: until })
    .where('id', '=', id)
    .where('last_used_at', '<', sql<Date>`veche_now() - interval '1 minute'`)
    .execute()
    .catch((error: unknown) => deps.log.warn({ err: error }, 'the last use of a session could not be written'))
}
