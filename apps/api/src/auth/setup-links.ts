import type { DB } from '@veche/db/types.gen'
import { newId, type UserId } from '@veche/shared/ids'
import type { Kysely } from 'kysely'
import type { Env } from '../env.ts'
import { sqlIn, sqlNow } from '../platform/clock.ts'
import { readUnderLocks } from '../platform/scopes/changes.ts'
import { directoryScope } from '../platform/scopes/scope.ts'
import { hashToken, newToken } from './sessions.ts'

export type LinkPurpose = 'first' | 'recovery'
export type SetupLink = { purpose: LinkPurpose; url: string; email: string | null }

/** The operator asked for a link that cannot be made; the message says why. */
export class LinkRefused extends Error {}

const lifetimeMs = 86_400_000
const firstTarget = 'server'

/**
 * The operator's one-time link: for the first owner while there is none, later for a person who cannot sign in. A new link ends the
 * older ones for the same target. Under the lock nobody can use an older link at the same time.
 */
export async function createSetupLink(deps: { db: Kysely<DB>; env: Env }, email?: string): Promise<SetupLink> {
  const token = newToken()
  const receiver = await readUnderLocks(deps.db, [directoryScope], async (db) => {
    const { purpose, target, address } = await findReceiver(db, email?.trim().toLowerCase())
    await endLinks(db, purpose, target)
    const code = { id: newId(), purpose, target, code_hash: hashToken(token), expires_at: sqlIn(lifetimeMs) }
    await db.insertInto('codes').values(code).execute()
    return { purpose, email: address }
  })
  return { ...receiver, url: `${deps.env.PUBLIC_URL}/setup/${token}` }
}

export type OpenSetupLink = {
  id: string
  purpose: LinkPurpose
  userId: UserId | null
  email: string | null
  name: string
}

/** A link that still opens something: not used, not expired, and with no owner yet or for a person who is not disabled. */
export async function findSetupLink(db: Kysely<DB>, token: string): Promise<OpenSetupLink | null> {
  const found = await db
    .selectFrom('codes')
    .select(['id', 'purpose', 'target'])
    .where('code_hash', '=', hashToken(token))
    .where('purpose', 'in', ['first', 'recovery'])
    .where('used_at', 'is', null)
    .where('expires_at', '>', sqlNow)
    .executeTakeFirst()
  if (!found) return null
  if (found.purpose === 'first')
    return (await oldestOwner(db)) ? null : { id: found.id, purpose: 'first', userId: null, email: null, name: '' }
  const person = await db
    .selectFrom('users')
    .select(['id', 'email', 'name'])
    .where('id', '=', found.target as UserId)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  if (!person) return null
  return { id: found.id, purpose: 'recovery', userId: person.id, email: person.email, name: person.name }
}

/** Uses a link up. False when another request was faster. */
export async function spendSetupLink(db: Kysely<DB>, id: string): Promise<boolean> {
  const spent = await db
    .updateTable('codes')
    .set({ used_at: sqlNow })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', sqlNow)
    .returning('id')
    .executeTakeFirst()
  return spent !== undefined
}

export function oldestOwner(db: Kysely<DB>) {
  return db
    .selectFrom('users')
    .select(['id', 'email', 'disabled_at'])
    .where('role', '=', 'owner')
    .where('disabled_at', 'is', null)
    .orderBy('created_at')
    .executeTakeFirst()
}

type Receiver = { purpose: LinkPurpose; target: string; address: string | null }

async function findReceiver(db: Kysely<DB>, email: string | undefined): Promise<Receiver> {
  const owner = await oldestOwner(db)
  if (!owner) return { purpose: 'first', target: firstTarget, address: null }
  const person = email ? await findByEmail(db, email) : owner
  if (!person) throw new LinkRefused(`There is no account with the address ${email}.`)
  if (person.disabled_at) throw new LinkRefused(`The account ${person.email} is disabled; an administrator enables it.`)
  return { purpose: 'recovery', target: person.id, address: person.email }
}

function findByEmail(db: Kysely<DB>, email: string) {
  return db.selectFrom('users').select(['id', 'email', 'disabled_at']).where('email', '=', email).executeTakeFirst()
}

async function endLinks(db: Kysely<DB>, purpose: LinkPurpose, target: string): Promise<void> {
  await db
    .updateTable('codes')
    .set({ used_at: sqlNow })
    .where('purpose', '=', purpose)
    .where('target', '=', target)
    .where('used_at', 'is', null)
    .execute()
}
