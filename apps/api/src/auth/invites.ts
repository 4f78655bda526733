import type { InviteId } from '@veche/shared/ids'
import type { SignUp } from '@veche/shared/schemas/auth'
import { sql } from 'kysely'
import type { Anyone, Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { sqlNow } from '../platform/clock.ts'
import { directoryScope } from '../platform/scopes/scope.ts'
import { createAccount } from '../users/accounts.ts'
import { requireUncommonPassword } from './passwords/common-passwords.ts'
import { type Me, signInWith } from './me.ts'
import { hashPassword } from './passwords/passwords.ts'
import { createSession, hashToken } from './sessions.ts'

export type InviteOffer = { role: 'member' | 'admin'; email: string | null }

/** Inviters can use their own link, so it grants only what they may grant now. The lock of the directory keeps their role as it is. */
export const inviterStillMay = sql<boolean>`exists (
  select from users u where u.id = invites.created_by and u.disabled_at is null
    and (u.role = 'owner' or (u.role = 'admin' and invites.role = 'member')))`

/** What an invitation offers. Unknown, used, revoked and expired invitations look alike. */
export async function readInvite(ctx: Anyone, { token }: { token: string }): Promise<InviteOffer | null> {
  const found = await findOpenInvite(ctx, token)
  return found ? { role: found.role, email: found.email } : null
}

export async function signUp(ctx: Anyone, input: SignUp): Promise<Me> {
  const invite = await findOpenInvite(ctx, input.token)
  if (!invite) fail('auth.invite_invalid')
  must(invite.email === null || invite.email === input.email, 'auth.invite_other_email')
  requireUncommonPassword(input)
  const passwordHash = await hashPassword(ctx, input.password)
  return signInWith(ctx, directoryScope, async (tx) => {
    const { name, email, locale } = input
    const role = await takeUse(tx, invite.id)
    return createSession(tx, await createAccount(tx, { name, email, passwordHash, role, locale }))
  })
}

function findOpenInvite(ctx: Anyone, token: string) {
  return ctx.db
    .selectFrom('invites')
    .select(['id', 'role', 'email'])
    .where('token_hash', '=', hashToken(token))
    .where('uses_left', '>', 0)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sqlNow)
    .where(inviterStillMay)
    .executeTakeFirst()
}

/** One statement, so that two requests cannot both take the last use. A rollback gives the use back. */
async function takeUse(tx: Tx<Anyone>, id: InviteId): Promise<'member' | 'admin'> {
  const taken = await tx.db
    .updateTable('invites')
    .set((eb) => ({ uses_left: eb('uses_left', '-', 1) }))
    .where('id', '=', id)
    .where('uses_left', '>', 0)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sqlNow)
    .where(inviterStillMay)
    .returning('role')
    .executeTakeFirst()
  return taken?.role ?? fail('auth.invite_invalid')
}
