import { newId, type UserId } from '@veche/shared/ids'
import type { DB } from '@veche/db/types.gen'
import type { Kysely } from 'kysely'
import type { Env } from '../env.ts'
import { sqlIn, sqlNow } from '../platform/clock.ts'
import { lockScopes } from '../platform/scopes.ts'
import { directory } from '../users/accounts.ts'
import { hashToken, newToken } from './sessions.ts'

export type LinkPurpose = 'first' | 'recovery'
export type SetupLink = { purpose: LinkPurpose; url: string; email: string | null }

/** The operator asked for a link that cannot be made; the message says why. */
export class LinkRefused extends Error {}

const hours24 = 86_400_000
const server = 'server'

/**
 * The operator's one-time link: for the first administrator while there is no owner, later for a person who cannot get in. Making
 * one ends the one before it.
 */
export async function makeLink(deps: { db: Kysely<DB>; env: Env }, email?: string): Promise<SetupLink> {
  const token = newToken()
  const { purpose, target, address } = await deps.db.transaction().execute(async (db) => {
    await lockScopes({ db, after: { hints: new Map() } }, [directory])
    const whom = await addressee(db, email?.trim().toLowerCase())
    await endLinks(db, whom)
    await db
      .insertInto('codes')
      .values({ id: newId(), ...pick(whom), code_hash: hashToken(token), expires_at: sqlIn(hours24) })
      .execute()
    return whom
  })
  return { purpose, url: `${deps.env.PUBLIC_URL}/setup/${token}`, email: target === server ? null : address }
}

export type OpenLink = { id: string; purpose: LinkPurpose; userId: UserId | null; email: string | null; name: string }

/** A link that still opens something: unused, not expired, and for an owner's absence or a person who is there. */
export async function findLink(db: Kysely<DB>, token: string): Promise<OpenLink | null> {
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

/** Takes a link; false when somebody was faster. */
export async function takeLink(db: Kysely<DB>, id: string): Promise<boolean> {
  const taken = await db
    .updateTable('codes')
    .set({ used_at: sqlNow })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', sqlNow)
    .returning('id')
    .executeTakeFirst()
  return taken !== undefined
}

type Addressee = { purpose: LinkPurpose; target: string; address: string | null }

async function addressee(db: Kysely<DB>, email: string | undefined): Promise<Addressee> {
  const owner = await oldestOwner(db)
  if (!owner) return { purpose: 'first', target: server, address: null }
  const person = email ? await byEmail(db, email) : owner
  if (!person) throw new LinkRefused(`There is no account with the address ${email}.`)
  if (person.disabled_at) throw new LinkRefused(`The account ${person.email} is disabled; an administrator enables it.`)
  return { purpose: 'recovery', target: person.id, address: person.email }
}

/** Who holds the server; nobody on a fresh one. */
export function oldestOwner(db: Kysely<DB>) {
  return db
    .selectFrom('users')
    .select(['id', 'email', 'disabled_at'])
    .where('role', '=', 'owner')
    .where('disabled_at', 'is', null)
    .orderBy('created_at')
    .executeTakeFirst()
}

function byEmail(db: Kysely<DB>, email: string) {
  return db.selectFrom('users').select(['id', 'email', 'disabled_at']).where('email', '=', email).executeTakeFirst()
}

function pick({ purpose, target }: Addressee) {
  return { purpose, target }
}

async function endLinks(db: Kysely<DB>, { purpose, target }: Addressee): Promise<void> {
  await db
    .updateTable('codes')
    .set({ used_at: sqlNow })
    .where('purpose', '=', purpose)
    .where('target', '=', target)
    .where('used_at', 'is', null)
    .execute()
}
