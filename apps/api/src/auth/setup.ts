import type { Recover, SetUp } from '@veche/shared/schemas/auth'
import type { Anyone } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { directoryScope, userScope } from '../platform/scopes/scope.ts'
import { createAccount } from '../users/accounts.ts'
import { requireUncommonPassword } from './passwords/common-passwords.ts'
import { type Me, signInWith } from './me.ts'
import { setPassword } from './passwords/password-change.ts'
import { hashPassword } from './passwords/passwords.ts'
import { createSession } from './sessions.ts'
import { findSetupLink, type LinkPurpose, spendSetupLink } from './setup-links.ts'

export type SetupLinkOffer = { purpose: LinkPurpose; email: string | null }

/** Whether this server has never had an owner: then nobody can sign in, and the page of the sign-in leads to the set-up. */
export async function needsSetup({ db }: Anyone): Promise<boolean> {
  const owner = db.selectFrom('users').select('id').where('role', '=', 'owner').limit(1)
  return (await owner.executeTakeFirst()) === undefined
}

export async function readSetupLink(ctx: Anyone, { token }: { token: string }): Promise<SetupLinkOffer | null> {
  const found = await findSetupLink(ctx.db, token)
  return found ? { purpose: found.purpose, email: found.email } : null
}

/** Makes the first owner. The link is read again under the lock of the directory: it opens nothing once there is an owner. */
export async function setUpServer(ctx: Anyone, input: SetUp): Promise<Me> {
  must((await findSetupLink(ctx.db, input.token))?.purpose === 'first', 'auth.link_invalid')
  requireUncommonPassword(input)
  const passwordHash = await hashPassword(ctx, input.password)
  return signInWith(ctx, directoryScope, async (tx) => {
    const link = await findSetupLink(tx.db, input.token)
    must(link?.purpose === 'first' && (await spendSetupLink(tx.db, link.id)), 'auth.link_invalid')
    const { name, email, locale } = input
    return createSession(tx, await createAccount(tx, { name, email, passwordHash, role: 'owner', locale }))
  })
}

/** A new password for the person whom the link is for; their other sessions end. */
export async function recoverAccount(ctx: Anyone, input: Recover): Promise<Me> {
  const { userId, email, name } = (await findSetupLink(ctx.db, input.token)) ?? fail('auth.link_invalid')
  must(userId && email, 'auth.link_invalid')
  requireUncommonPassword({ password: input.password, email, name })
  const passwordHash = await hashPassword(ctx, input.password)
  return signInWith(ctx, userScope(userId), async (tx) => {
    const link = await findSetupLink(tx.db, input.token)
    must(link && (await spendSetupLink(tx.db, link.id)), 'auth.link_invalid')
    await setPassword(tx, { userId, passwordHash })
    return createSession(tx, userId)
  })
}
