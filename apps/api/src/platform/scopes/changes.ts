import type { DB } from '@veche/db/types.gen'
import type { ErrorCode } from '@veche/shared/errors'
import type { ScopeId } from '@veche/shared/ids'
import type { Kysely, Transaction } from 'kysely'
import type { Tx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { fail } from '../../errors.ts'
import type { Hint } from '../hints.ts'
import { inTransaction } from '../transaction.ts'
import { type ChangeTx, inLockOrder, lockScopes, requireLocks, ScopeNotFound } from './locks.ts'
import type { Scope } from './scope.ts'

/**
 * The way to change scopes: waits until each of them has one of the few slots that a process has for it, opens a transaction, takes the
 * locks, and calls `fn`. So requests that wait for a hot scope hold no connections, whichever of its scopes that is.
 */
export function changeScopes<C extends Deps, T>(
  ctx: C,
  scopes: [Scope, ...Scope[]],
  fn: (tx: Tx<C>) => Promise<T>,
): Promise<T> {
  return inGates(ctx, scopes, () =>
    inTransaction(ctx, async (tx) => {
      await lockScopes(tx, scopes)
      return fn(tx)
    }),
  )
}

/** For the operator's tool, which has no gates and nobody to tell: `fn` gets no way to advance a scope. */
export function readUnderLocks<T>(
  db: Kysely<DB>,
  scopes: Scope[],
  fn: (db: Transaction<DB>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (transaction) => {
    await lockScopes({ db: transaction, after: { hints: new Map(), locked: new Set() } }, scopes)
    return fn(transaction)
  })
}

/** The slots are taken in the order of the locks, so that two changes never wait for each other. */
function inGates<T>({ gates }: Deps, scopes: Scope[], work: () => Promise<T>): Promise<T> {
  const enter = inLockOrder(scopes).reduceRight(
    (next, { id }) =>
      () =>
        gates.scope.run(id, next),
    work,
  )
  return enter()
}

export function isMissingScope(error: unknown): boolean {
  return error instanceof ScopeNotFound
}

/** For `.catch`: a missing scope is answered with this code, so that unknown and foreign ids look alike. */
export function missingScopeAs(code: ErrorCode): (error: unknown) => never {
  return (error) => {
    if (isMissingScope(error)) fail(code)
    throw error
  }
}

/** The next revision of a locked scope: rows that change now are stamped with it. The hint leaves after the commit. */
export async function advance(tx: ChangeTx, scope: Scope): Promise<number> {
  requireLocks(tx, [scope])
  const { rev } = await tx.db
    .updateTable('scopes')
    .set((eb) => ({ rev: eb('rev', '+', 1) }))
    .where('id', '=', scope.id)
    .returning('rev')
    .executeTakeFirstOrThrow()
  hintAfterCommit(tx, { scope: scope.kind, id: scope.id, rev })
  return rev
}

/** The next revisions of many locked scopes at once. */
export async function advanceAll(tx: ChangeTx, scopes: Scope[]): Promise<Map<ScopeId, number>> {
  requireLocks(tx, scopes)
  const ids = scopes.map((scope) => scope.id)
  const rows = await tx.db
    .updateTable('scopes')
    .set((eb) => ({ rev: eb('rev', '+', 1) }))
    .where('id', 'in', ids)
    .returning(['id', 'kind', 'rev'])
    .execute()
  for (const { id, kind, rev } of rows) hintAfterCommit(tx, { scope: kind, id, rev })
  return new Map(rows.map(({ id, rev }) => [id, rev]))
}

/** Nobody else can change a scope that is new, so it counts as locked. */
export async function createScope(tx: ChangeTx, scope: Scope): Promise<number> {
  await tx.db.insertInto('scopes').values({ id: scope.id, kind: scope.kind, rev: 1 }).execute()
  tx.after.locked.add(scope.id)
  hintAfterCommit(tx, { scope: scope.kind, id: scope.id, rev: 1 })
  return 1
}

function hintAfterCommit(tx: ChangeTx, hint: Hint): void {
  tx.after.hints.set(hint.id, hint)
}
