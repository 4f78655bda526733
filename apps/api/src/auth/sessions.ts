import { createHash, randomBytes } from 'node:crypto'
import { newId, type SessionId, type UserId } from '@veche/shared/ids'
import type { Actor, Anyone, Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { sqlIn, sqlNow } from '../platform/clock.ts'
import { advance } from '../platform/scopes/changes.ts'
import { userScope } from '../platform/scopes/scope.ts'
import { maxSessionMs, idleSessionMs } from './SessionLookup.ts'

/** A sign-in above this number ends the session that was not used for the longest time. */
const maxSessions = 100

/** 256 random bits; only their hash is kept. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** The user who holds this token. HTTP, the live socket and the local mailbox all ask here. */
export async function findActor(deps: Deps, token: string | undefined): Promise<Actor | null> {
  return token ? deps.sessions.find(hashToken(token)) : null
}

export type NewSession = { userId: UserId; sessionId: SessionId; token: string; until: Date }

/** Expects the locks of the person's scope and of the scope of the browser's earlier user, whose session ends. */
export async function createSession(tx: Tx<Anyone>, userId: UserId): Promise<NewSession> {
  if (tx.actor) await endSessions(tx, tx.actor.userId, { only: tx.actor.sessionId })
  await endSurplus(tx, userId)
  const sessionId = newId<SessionId>(tx.clock.now())
  const token = newToken()
  const { device, ip } = tx.connection
  const rev = await advance(tx, userScope(userId))
  await tx.db
    .insertInto('sessions')
    .values({
      id: sessionId,
      user_id: userId,
      token_hash: hashToken(token),
      device,
      ip,
      expires_at: sqlIn(idleSessionMs),
      rev,
    })
    .execute()
  // The cookie lasts as long as a session can; the server decides when the session is over.
  return { userId, sessionId, token, until: new Date(tx.clock.now() + maxSessionMs) }
}

export type SessionFilter = { only?: SessionId; except?: SessionId; expired?: boolean }

/** Ends sessions of a person whose scope is locked. Their live streams are checked after the commit. */
export async function endSessions(
  tx: Tx<Deps>,
  userId: UserId,
  { only, except, expired }: SessionFilter = {},
): Promise<void> {
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
    .offset(maxSessions - 1)
    .execute()
  await revoke(
    tx,
    userId,
    rows.map(({ id }) => id),
  )
}

async function revoke(tx: Tx<Deps>, userId: UserId, ids: SessionId[]): Promise<void> {
  if (ids.length === 0) return
  const rev = await advance(tx, userScope(userId))
  await tx.db.updateTable('sessions').set({ revoked_at: sqlNow, rev }).where('id', 'in', ids).execute()
  tx.after.sessions.push({ userId })
}
