import type { ScopeId } from '@veche/shared/ids'
import type { ScopeKind } from '@veche/shared/rows/rows'
import type { Transaction } from 'kysely'
import type { DB } from '@veche/db/types.gen'
import type { Deps } from '../deps.ts'
import type { Tx } from '../ctx.ts'
import type { Hint } from './hints.ts'
import { fail } from '../errors.ts'
import { inTransaction } from './transaction.ts'

export type Scope = { kind: ScopeKind; id: ScopeId }

/** What a scope needs of a transaction: tests and jobs have no actor. */
type Changing = { db: Transaction<DB>; after: { hints: Map<string, Hint> } }

const order: ScopeKind[] = ['dialog', 'meeting', 'user', 'directory']

/**
 * Locks scopes in the one order that everybody keeps, each by a statement of its own: what is read in later statements is what is
 * true under the lock. Reading rights in the same statement would read them as they were before the lock was won.
 */
export async function lockScopes(tx: Changing, scopes: Scope[]): Promise<void> {
  for (const scope of inOrder(scopes)) {
    const found = await tx.db
      .selectFrom('scopes')
      .select('id')
      .where('id', '=', scope.id)
      .where('kind', '=', scope.kind)
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (!found) fail('scope.not_found')
  }
}

function inOrder(scopes: Scope[]): Scope[] {
  const unique = [...new Map(scopes.map((scope) => [scope.id, scope])).values()]
  return unique.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.id < b.id ? -1 : 1))
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

/** For statements that advance a scope themselves. */
export function changed(tx: Changing, hint: Hint): void {
  tx.after.hints.set(hint.id, hint)
}

/** A scope that begins: a dialog, a user. */
export async function createScope(tx: Changing, scope: Scope): Promise<number> {
  await tx.db.insertInto('scopes').values({ id: scope.id, kind: scope.kind, rev: 1 }).execute()
  changed(tx, { scope: scope.kind, id: scope.id, rev: 1 })
  return 1
}

/**
 * A change of one scope: a place among the few that may wait for this scope (a hot dialog must not eat the pool), a transaction,
 * the lock.
 */
export function changeScope<C extends Deps, T>(ctx: C, scope: Scope, fn: (tx: Tx<C>) => Promise<T>): Promise<T> {
  return ctx.gates.scope.run(scope.id, () =>
    inTransaction(ctx, async (tx) => {
      await lockScopes(tx, [scope])
      return fn(tx)
    }),
  )
}
