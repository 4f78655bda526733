import { createHash, randomBytes } from 'node:crypto'
import type { Actor } from '../ctx.ts'
import type { Deps } from '../deps.ts'

export const sessionCookie = '__Host-veche'

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
  const found = await deps.polls
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'sessions.user_id', 'users.role'])
    .where('sessions.token_hash', '=', hashToken(token))
    .where('sessions.revoked_at', 'is', null)
    .where('users.disabled_at', 'is', null)
    .where((eb) => eb('sessions.expires_at', '>', eb.fn<Date>('veche_now')))
    .executeTakeFirst()
  return found ? { userId: found.user_id, sessionId: found.id, role: found.role } : null
}
