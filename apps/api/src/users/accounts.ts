import { DIRECTORY_SCOPE, newId, type UserId } from '@veche/shared/ids'
import type { ServerRole } from '@veche/shared/permissions'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../errors.ts'
import { advance, createScope, type Scope } from '../platform/scopes.ts'
import { freeHandle } from './handles.ts'

export const directory: Scope = { kind: 'directory', id: DIRECTORY_SCOPE }

export type NewAccount = {
  name: string
  email: string
  passwordHash: string
  role: ServerRole
  locale: 'ru' | 'en'
}

/** A new person, in the locked directory. Their own scope begins here, so nobody can hold it yet. */
export async function createAccount(tx: Tx<Deps>, account: NewAccount): Promise<UserId> {
  const { name, email, passwordHash, role, locale } = account
  const taken = await tx.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
  if (taken) fail('auth.email_taken')
  const id = newId<UserId>(tx.clock.now())
  const handle = await freeHandle(tx, name)
  const own = await createScope(tx, { kind: 'user', id })
  const rev = await advance(tx, directory)
  await tx.db.insertInto('users').values({ id, handle, name, email, password_hash: passwordHash, role, rev }).execute()
  await tx.db.insertInto('user_settings').values({ user_id: id, locale, rev: own }).execute()
  return id
}
