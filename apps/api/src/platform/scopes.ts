import type { ScopeId } from '@veche/shared/ids'
import type { ScopeKind } from '@veche/shared/rows/rows'
import { sql, type Transaction } from 'kysely'
import type { DB } from '@veche/db/types.gen'
import type { Deps } from '../deps.ts'
import type { Tx } from '../ctx.ts'
import type { Hint } from './hints.ts'
import { fail } from '../errors.ts'
import type { Statement } from './Pipelines.ts'
import { inTransaction } from './transaction.ts'

export type Scope = { kind: ScopeKind; id: ScopeId }

/** What a scope needs of a transaction: tests and jobs have no actor. */
type Changing = { db: Transaction<DB>; after: { hints: Map<string, Hint> } }

const order = '{chat,meeting,user,directory}'

/**
 * Locks scopes in the one order that everybody keeps (chats by id, meetings, users, the directory), in a statement of its own:
 * what is read in later statements is what is true under the lock. Reading rights in the same statement would read them as they
 * were before the lock was won.
 */
export async function lockScopes(tx: Changing, scopes: Scope[]): Promise<void> {
  const ids = [...new Set(scopes.map((scope) => scope.id))]
  const locked = await sql`
    select id from scopes where id = any(${ids}::uuid[])
    order by array_position(${sql.lit(order)}::text[], kind), id for no key update`.execute(tx.db)
  if (locked.rows.length !== ids.length) fail('scope.not_found')
}

/** The same lock for one scope, as the first statement of a pipeline. No row: there is no such scope. */
export function scopeLock(id: ScopeId): Statement {
  return { name: 'scope-lock', text: 'select id from scopes where id = $1 for no key update', values: [id] }
}

/** The next revision of a locked scope. Rows that change now are stamped with it. */
export async function advance(tx: Changing, scope: Scope): Promise<number> {
  const { rev } = await tx.db
    .updateTable('scopes')
    .set((eb) => ({ rev: eb('rev', '+', 1) }))
    .where('id', '=', scope.id)
    .returning('rev')
    .executeTakeFirstOrThrow()
  changed(tx, { scope: scope.kind, id: scope.id, rev })
  return rev
}

/** The next revisions of many locked scopes at once. */
export async function advanceAll(tx: Changing, scopes: Scope[]): Promise<Map<ScopeId, number>> {
  const ids = scopes.map((scope) => scope.id)
  const rows = await tx.db
    .updateTable('scopes')
    .set((eb) => ({ rev: eb('rev', '+', 1) }))
    .where('id', 'in', ids)
    .returning(['id', 'kind', 'rev'])
    .execute()
  for (const { id, kind, rev } of rows) changed(tx, { scope: kind, id, rev })
  return new Map(rows.map(({ id, rev }) => [id, rev]))
}

/** For statements that advance a scope themselves. */
export function changed(tx: Changing, hint: Hint): void {
  tx.after.hints.set(hint.id, hint)
}

/** A scope that begins: a chat, a user. */
export async function createScope(tx: Changing, scope: Scope): Promise<number> {
  await tx.db.insertInto('scopes').values({ id: scope.id, kind: scope.kind, rev: 1 }).execute()
  changed(tx, { scope: scope.kind, id: scope.id, rev: 1 })
  return 1
}

/**
 * A change of one scope: a place among the few that may wait for this scope (a hot chat must not eat the pool), a transaction,
 * the lock.
 */
export function changeScope<C extends Deps, T>(ctx: C, scope: Scope, fn: (tx: Tx<C>) => Promise<T>): Promise<T> {
  return changeScopes(ctx, [scope], fn)
}

/** The same for several, of which the first is the one that many may want at once. */
export function changeScopes<C extends Deps, T>(
  ctx: C,
  scopes: [Scope, ...Scope[]],
  fn: (tx: Tx<C>) => Promise<T>,
): Promise<T> {
  return ctx.gates.scope.run(scopes[0].id, () =>
    inTransaction(ctx, async (tx) => {
      await lockScopes(tx, scopes)
      return fn(tx)
    }),
  )
}
