import { newId, type SessionId, type UserId } from '@veche/shared/ids'
import type { ServerRole } from '@veche/shared/permissions'
import { hashToken, newToken } from '../auth/sessions.ts'
import type { Deps } from '../deps.ts'
import { inTransaction } from '../platform/transaction.ts'
import { advance, createScope, lockScopes } from '../platform/scopes.ts'
import { DIRECTORY_SCOPE } from '@veche/shared/ids'

export type TestUser = { userId: UserId; sessionId: SessionId; token: string; name: string; email: string }

let count = 0

/** A person with a session. No password: tests of passwords sign up as people do. */
export async function newUser(deps: Deps, given: { name?: string; role?: ServerRole } = {}): Promise<TestUser> {
  count += 1
  const name = given.name ?? `Person ${count}`
  const userId = newId<UserId>()
  const email = `person${count}-${userId.slice(-6)}@example.org`
  await inTransaction(deps, async (tx) => {
    await lockScopes(tx, [{ kind: 'directory', id: DIRECTORY_SCOPE }])
    const rev = await advance(tx, { kind: 'directory', id: DIRECTORY_SCOPE })
    const own = await createScope(tx, { kind: 'user', id: userId })
    const handle = `p${userId.replaceAll('-', '').slice(-20)}`
    await tx.db
      .insertInto('users')
      .values({ id: userId, handle, name, email, role: given.role ?? 'member', rev })
      .execute()
    await tx.db.insertInto('user_settings').values({ user_id: userId, rev: own }).execute()
  })
  return { userId, name, email, ...(await newSession(deps, userId)) }
}

export async function newSession(deps: Deps, userId: UserId): Promise<{ sessionId: SessionId; token: string }> {
  const sessionId = newId<SessionId>()
  const token = newToken()
  await inTransaction(deps, async (tx) => {
    await lockScopes(tx, [{ kind: 'user', id: userId }])
    const rev = await advance(tx, { kind: 'user', id: userId })
    const expires = new Date(deps.clock.now() + 86_400_000)
    const row = {
      id: sessionId,
      user_id: userId,
      token_hash: hashToken(token),
      device: 'test',
      ip: '127.0.0.1',
      expires_at: expires,
      rev,
    }
    await tx.db.insertInto('sessions').values(row).execute()
  })
  return { sessionId, token }
}
