import type { NotNull } from 'kysely'
import type { SessionId, UserId } from '@veche/shared/ids'
import type { ChangePassword } from '@veche/shared/schemas/auth'
import type { Ctx, Tx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { must } from '../../errors.ts'
import { sqlNow } from '../../platform/clock.ts'
import { changeScopes } from '../../platform/scopes/changes.ts'
import { userScope } from '../../platform/scopes/scope.ts'
import { type Attempt, countAttempt, forgetAttempts } from '../attempts.ts'
import { requireUncommonPassword } from './common-passwords.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { newDeviceCookie } from '../known-devices.ts'
import { endSessions } from '../sessions.ts'

/** The current password is needed, so that an unlocked phone in other hands is not enough to take the account over. */
export async function changePassword(ctx: Ctx, { current, next }: ChangePassword): Promise<Record<string, never>> {
  const { userId, sessionId } = ctx.actor
  const attempt: Attempt = { rule: 'password.account', of: userId }
  await countAttempt(ctx, attempt)
  const before = await credentials(ctx, userId)
  must(await verifyPassword(ctx, before.password_hash, current), 'auth.wrong_credentials')
  requireUncommonPassword({ password: next, email: before.email, name: before.name })
  const passwordHash = await hashPassword(ctx, next)
  await changeScopes(ctx, [userScope(userId)], async (tx) => {
    const now = await credentials(tx, userId)
    must(now.password_hash === before.password_hash, 'auth.wrong_credentials')
    await setPassword(tx, { userId, passwordHash, keep: sessionId })
  })
  await forgetAttempts(ctx, attempt)
  ctx.connection.setDeviceCookie(await newDeviceCookie(ctx, before.email))
  return {}
}

export type NewPassword = { userId: UserId; passwordHash: string; keep?: SessionId }

/** The person's scope is locked. Ends the sessions, codes and links that the old password stood for. */
export async function setPassword(tx: Tx<Deps>, { userId, passwordHash, keep }: NewPassword): Promise<void> {
  const { email } = await tx.db
    .updateTable('users')
    .set({ password_hash: passwordHash })
    .where('id', '=', userId)
    .returning('email')
    .executeTakeFirstOrThrow()
  await endSessions(tx, userId, keep ? { except: keep } : {})
  await endCodes(tx, { userId, email })
}

/** Ends the codes and links that were sent to this person. */
export async function endCodes(
  tx: Tx<Deps>,
  { userId, email }: { userId: UserId; email: string | null },
): Promise<void> {
  await tx.db
    .updateTable('codes')
    .set({ used_at: sqlNow })
    .where('target', 'in', email === null ? [userId] : [email, userId])
    .where('purpose', 'in', ['reset', 'recovery'])
    .where('used_at', 'is', null)
    .execute()
}

function credentials(ctx: Pick<Ctx, 'db'>, userId: UserId) {
  return ctx.db
    .selectFrom('users')
    .select(['password_hash', 'email', 'name'])
    .where('id', '=', userId)
    .where('kind', '=', 'person')
    .$narrowType<{ email: NotNull }>()
    .executeTakeFirstOrThrow()
}
