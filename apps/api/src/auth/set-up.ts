import type { Recover, SetUp } from '@veche/shared/schemas/auth'
import type { Anyone } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { lockScopes } from '../platform/scopes.ts'
import { createAccount, directory } from '../users/accounts.ts'
import { mustBeUncommon } from './common-passwords.ts'
import { findLink, type LinkPurpose, takeLink } from './links.ts'
import { enter, type Me } from './me.ts'
import { hashPassword } from './passwords.ts'
import { setPassword } from './password-change.ts'
import { openSession } from './sessions.ts'
import { ownScope } from './sign-in.ts'

export type SeenLink = { purpose: LinkPurpose; email: string | null }

export async function seeLink(ctx: Anyone, { token }: { token: string }): Promise<SeenLink | null> {
  const found = await findLink(ctx.db, token)
  return found ? { purpose: found.purpose, email: found.email } : null
}

/** The first administrator. Under the lock of the directory there is still no owner, or the link opens nothing. */
export async function setUp(ctx: Anyone, input: SetUp): Promise<Me> {
  must((await findLink(ctx.db, input.token))?.purpose === 'first', 'auth.link_invalid')
  mustBeUncommon(input)
  const passwordHash = await hashPassword(ctx, input.password)
  return enter(ctx, async (tx) => {
    await lockScopes(tx, [...ownScope(tx), directory])
    const link = await findLink(tx.db, input.token)
    must(link?.purpose === 'first' && (await takeLink(tx.db, link.id)), 'auth.link_invalid')
    const { name, email, locale } = input
    return openSession(tx, await createAccount(tx, { name, email, passwordHash, role: 'owner', locale }))
  })
}

/** A new password for the person of the link; whoever was signed in as them is not any longer. */
export async function recover(ctx: Anyone, input: Recover): Promise<Me> {
  const seen = await findLink(ctx.db, input.token)
  const { userId, email, name } = seen ?? fail('auth.link_invalid')
  must(userId && email, 'auth.link_invalid')
  mustBeUncommon({ password: input.password, email, name })
  const passwordHash = await hashPassword(ctx, input.password)
  return enter(ctx, async (tx) => {
    await lockScopes(tx, [{ kind: 'user', id: userId }, ...ownScope(tx)])
    const link = await findLink(tx.db, input.token)
    must(link && (await takeLink(tx.db, link.id)), 'auth.link_invalid')
    await setPassword(tx, { userId, passwordHash })
    return openSession(tx, userId)
  })
}
