import type { InviteId } from '@veche/shared/ids'
import type { SignUp } from '@veche/shared/schemas/auth'
import type { Anyone, Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { sqlNow } from '../platform/clock.ts'
import { lockScopes } from '../platform/scopes.ts'
import { createAccount, directory } from '../users/accounts.ts'
import { mustBeUncommon } from './common-passwords.ts'
import { enter, type Me } from './me.ts'
import { hashPassword } from './passwords.ts'
import { hashToken, openSession } from './sessions.ts'
import { ownScope } from './sign-in.ts'

export type SeenInvite = { role: 'member' | 'admin'; email: string | null }

/** What an invitation offers; unknown, used up, withdrawn and expired all look alike. */
export async function seeInvite(ctx: Anyone, { token }: { token: string }): Promise<SeenInvite | null> {
  const found = await findOpen(ctx, token)
  return found ? { role: found.role, email: found.email } : null
}

export async function signUp(ctx: Anyone, input: SignUp): Promise<Me> {
  const invite = await findOpen(ctx, input.token)
  if (!invite) fail('auth.invite_invalid')
  must(invite.email === null || invite.email === input.email, 'auth.invite_other_email')
  mustBeUncommon(input)
  const passwordHash = await hashPassword(ctx, input.password)
  return enter(ctx, async (tx) => {
    await lockScopes(tx, [...ownScope(tx), directory])
    const { name, email, locale } = input
    const role = await takeUse(tx, invite.id)
    return openSession(tx, await createAccount(tx, { name, email, passwordHash, role, locale }))
  })
}

function findOpen(ctx: Anyone, token: string) {
  return ctx.db
    .selectFrom('invites')
    .select(['id', 'role', 'email'])
    .where('token_hash', '=', hashToken(token))
    .where('uses_left', '>', 0)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sqlNow)
    .executeTakeFirst()
}

/** One statement, so that two at once cannot both take the last use. It is given back when no account comes of it. */
async function takeUse(tx: Tx<Anyone>, id: InviteId): Promise<'member' | 'admin'> {
  const taken = await tx.db
    .updateTable('invites')
    .set((eb) => ({ uses_left: eb('uses_left', '-', 1) }))
    .where('id', '=', id)
    .where('uses_left', '>', 0)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sqlNow)
    .returning('role')
    .executeTakeFirst()
  return taken?.role ?? fail('auth.invite_invalid')
}
