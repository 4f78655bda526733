import { newId, type UserId } from '@veche/shared/ids'
import type { ServerRole } from '@veche/shared/permissions'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../errors.ts'
import { advance, createScope } from '../platform/scopes/changes.ts'
import { directoryScope, userScope } from '../platform/scopes/scope.ts'
import { freeHandle } from './handles.ts'

export type NewAccount = {
  name: string
  email: string
  passwordHash: string
  role: ServerRole
  locale: string
}

/** The directory is locked. The user's own scope is created here, so nobody can hold it yet. */
export async function createAccount(tx: Tx<Deps>, account: NewAccount): Promise<UserId> {
  const { name, email, passwordHash, role, locale } = account
  const taken = await tx.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
  if (taken) fail('auth.email_taken')
  const id = newId<UserId>(tx.clock.now())
  const handle = await freeHandle(tx, name)
  const userRev = await createScope(tx, userScope(id))
  const rev = await advance(tx, directoryScope)
  await tx.db.insertInto('users').values({ id, handle, name, email, password_hash: passwordHash, role, rev }).execute()
  await tx.db.insertInto('user_settings').values({ user_id: id, locale, rev: userRev }).execute()
  return id
}
