import type { DB } from '@veche/db/types.gen'
import type { ScopeId } from '@veche/shared/ids'
import { sql, type Transaction } from 'kysely'
import { AppError } from '../../errors.ts'
import type { Hint } from '../hints.ts'
import type { Scope } from './scope.ts'

/** What a change of scopes needs of a transaction: tests have no actor. */
export type ChangeTx = { db: Transaction<DB>; after: { hints: Map<string, Hint>; locked: Set<ScopeId> } }

/** A scope was to be locked that does not exist. Features answer it in their own words: see `missingScopeAs`. */
export class ScopeNotFound extends AppError {
  constructor() {
    super('scope.not_found')
  }
}

const lockOrder = ['chat', 'meeting', 'user', 'directory'] satisfies Scope['kind'][]

/** The one order that everything keeps: chats, meetings, users, the directory, each by id; and each scope once. */
export function inLockOrder(scopes: Scope[]): Scope[] {
  const byId = new Map(scopes.map((scope) => [scope.id, scope]))
  const key = ({ kind, id }: Scope) => `${lockOrder.indexOf(kind)} ${id}`
  return [...byId.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

/**
 * Locks scopes in that order, in a statement of its own: later statements read what is true under the lock. Rights that are read in the
 * same statement are those from before the lock. Features call `changeScopes`, which waits for the gates of the scopes first.
 */
export async function lockScopes(tx: ChangeTx, scopes: Scope[]): Promise<void> {
  const ids = [...new Set(scopes.map((scope) => scope.id))]
  const order = sql.lit(`{${lockOrder.join(',')}}`)
  const locked = await sql`
    select id from scopes where id = any(${ids}::uuid[])
    order by array_position(${order}::text[], kind), id for no key update`.execute(tx.db)
  if (locked.rows.length !== ids.length) throw new ScopeNotFound()
  for (const id of ids) tx.after.locked.add(id)
}

/** A revision that moved without the lock could be seen before an older one is committed, and a client would miss that one. */
export function requireLocks({ after }: ChangeTx, scopes: Scope[]): void {
  const missing = scopes.find(({ id }) => !after.locked.has(id))
  if (missing) throw new Error(`The scope of the ${missing.kind} ${missing.id} is advanced without its lock.`)
}
