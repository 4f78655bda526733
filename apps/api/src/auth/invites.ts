import type { InviteId } from '@veche/shared/ids'
import type { SignUp } from '@veche/shared/schemas/auth'
import { sql } from 'kysely'
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

/** Whoever made an invitation knows its link: it is worth what they may do now. The directory's lock keeps that as it is. */
export const inviterMay = sql<boolean>`exists (
  select from users u where u.id = invites.created_by and u.disabled_at is null
    and (u.role = 'owner' or (u.role = 'admin' and invites.role = 'member')))`

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
    .where(inviterMay)
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
    .where(inviterMay)
    .returning('role')
    .executeTakeFirst()
  return taken?.role ?? fail('auth.invite_invalid')
}
