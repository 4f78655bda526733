import { createHash, randomBytes } from 'node:crypto'
import { newId, type SessionId, type UserId } from '@veche/shared/ids'
import type { Actor, Anyone, Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { sqlIn, sqlNow } from '../platform/clock.ts'
import { advance } from '../platform/scopes.ts'
import { absolute, idle } from './SessionLookup.ts'

export const sessionCookie = '__Host-veche'

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
  return token ? deps.sessions.find(hashToken(token)) : null
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
