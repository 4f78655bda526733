import { cleanLine } from '@veche/shared/limits'
import type { SignIn } from '@veche/shared/schemas/auth'
import type { Anyone, Tx } from '../ctx.ts'
import { must } from '../errors.ts'
import { userScope } from '../platform/scopes/scope.ts'
import { countAttempts, settleAttempts } from './attempts.ts'
import { type Me, signInWith } from './me.ts'
import { hashPassword, isOutdatedHash, verifyPassword } from './passwords/passwords.ts'
import { createSession } from './sessions.ts'

/** An account that is unknown, disabled or has no password takes the same steps and gets the same answer as a wrong password. */
export async function signIn(ctx: Anyone, input: SignIn): Promise<Me> {
  const email = cleanLine(input.email).toLowerCase()
  const { attempts } = await countAttempts(ctx, 'signIn', email)
  const found = await findByEmail(ctx, email)
  const matches = await verifyPassword(ctx, found?.password_hash ?? null, input.password)
  must(found?.password_hash && matches, 'auth.wrong_credentials')
  const verified = { id: found.id, password_hash: found.password_hash }
  const newHash = isOutdatedHash(ctx, verified.password_hash) ? await hashPassword(ctx, input.password) : null
  const me = await signInWith(ctx, userScope(verified.id), async (tx) => {
    await requireUnchanged(tx, verified)
    if (newHash)
      await tx.db.updateTable('users').set({ password_hash: newHash }).where('id', '=', verified.id).execute()
    return createSession(tx, verified.id)
  })
  await settleAttempts(ctx, attempts)
  return me
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

/** While the password was verified, it may have been changed or the account disabled. The lock is held now. */
async function requireUnchanged(tx: Tx<Anyone>, { id, password_hash }: Verified): Promise<void> {
  const now = await tx.db
    .selectFrom('users')
    .select('id')
    .where('id', '=', id)
    .where('password_hash', '=', password_hash)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  must(now, 'auth.wrong_credentials')
}
