import { cleanLine } from '@veche/shared/limits'
import type { SignIn } from '@veche/shared/schemas/auth'
import type { Anyone, Tx } from '../ctx.ts'
import { must } from '../errors.ts'
import { lockScopes, type Scope } from '../platform/scopes.ts'
import { addressKey, type Attempt, countAttempt, forgetAttempts, giveBackAttempt } from './attempts.ts'
import { enter, type Me } from './me.ts'
import { hashPassword, isOutdated, verifyPassword } from './passwords.ts'
import { openSession } from './sessions.ts'

/**
 * Unknown, disabled and without a password all take the same steps and end in the same answer as a wrong password does.
 */
export async function signIn(ctx: Anyone, input: SignIn): Promise<Me> {
  const email = cleanLine(input.email).toLowerCase()
  const byAddress: Attempt = { rule: 'signIn.address', of: addressKey(ctx.connection.ip) }
  const byAccount: Attempt = { rule: 'signIn.account', of: email }
  await countAttempt(ctx, byAddress)
  await countAttempt(ctx, byAccount)
  const found = await findByEmail(ctx, email)
  const matches = await verifyPassword(ctx, found?.password_hash ?? null, input.password)
  must(found?.password_hash && matches, 'auth.wrong_credentials')
  const verified = { id: found.id, password_hash: found.password_hash }
  const better = isOutdated(verified.password_hash) ? await hashPassword(ctx, input.password) : null
  const mine = await enter(ctx, async (tx) => {
    await lockScopes(tx, [{ kind: 'user', id: verified.id }, ...ownScope(tx)])
    await stillTrue(tx, verified)
    if (better) await tx.db.updateTable('users').set({ password_hash: better }).where('id', '=', verified.id).execute()
    return openSession(tx, verified.id)
  })
  await Promise.all([forgetAttempts(ctx, byAccount), giveBackAttempt(ctx, byAddress)])
  return mine
}

/** The scope of whoever is signed in at this browser: their session here ends. */
export function ownScope(ctx: Pick<Anyone, 'actor'>): Scope[] {
  return ctx.actor ? [{ kind: 'user', id: ctx.actor.userId }] : []
}

type Verified = { id: NonNullable<Anyone['actor']>['userId']; password_hash: string }

function findByEmail(ctx: Anyone, email: string) {
  return ctx.db
    .selectFrom('users')
    .select(['id', 'password_hash'])
    .where('email', '=', email)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
}

/** While the password was being verified it may have been changed, or the account disabled: the lock tells. */
async function stillTrue(tx: Tx<Anyone>, { id, password_hash }: Verified): Promise<void> {
  const now = await tx.db
    .selectFrom('users')
    .select('id')
    .where('id', '=', id)
    .where('password_hash', '=', password_hash)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  must(now, 'auth.wrong_credentials')
}
