import type { DB } from '@veche/db/types.gen'
import type { ErrorCode } from '@veche/shared/errors'
import type { ScopeId } from '@veche/shared/ids'
import { sql, type Transaction } from 'kysely'
import type { Tx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { AppError, fail } from '../../errors.ts'
import type { Hint } from '../hints.ts'
import { inTransaction } from '../transaction.ts'
import type { Scope } from './scope.ts'

/** What a change of scopes needs of a transaction: tests and the operator's tool have no actor. */
type ChangeTx = { db: Transaction<DB>; after: { hints: Map<string, Hint> } }

/**
 * The way to change scopes: waits for one of the few slots that a process has for the first scope, opens a transaction, takes the locks,
 * and calls `fn`. Put the scope that many requests change at the same time first: the slots keep it from using up the pool.
 */
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

/** A scope was to be locked that does not exist. Features answer it in their own words: see `missingScopeAs`. */
class ScopeNotFound extends AppError {
  constructor() {
    super('scope.not_found')
  }
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

const lockOrder = '{chat,meeting,user,directory}'

/**
 * Locks scopes in the one order that everything keeps (chats, meetings, users, the directory, each by id), in a statement of its own:
 * later statements read what is true under the lock. Rights that are read in the same statement are those from before the lock.
 * Only code that cannot use `changeScopes` calls this itself.
 */
export async function lockScopes(tx: ChangeTx, scopes: Scope[]): Promise<void> {
  const ids = [...new Set(scopes.map((scope) => scope.id))]
  const locked = await sql`
    select id from scopes where id = any(${ids}::uuid[])
    order by array_position(${sql.lit(lockOrder)}::text[], kind), id for no key update`.execute(tx.db)
  if (locked.rows.length !== ids.length) throw new ScopeNotFound()
}

/** The next revision of a locked scope: rows that change now are stamped with it. The hint leaves after the commit. */
export async function advance(tx: ChangeTx, scope: Scope): Promise<number> {
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

export async function createScope(tx: ChangeTx, scope: Scope): Promise<number> {
  await tx.db.insertInto('scopes').values({ id: scope.id, kind: scope.kind, rev: 1 }).execute()
  hintAfterCommit(tx, { scope: scope.kind, id: scope.id, rev: 1 })
  return 1
}

function hintAfterCommit(tx: ChangeTx, hint: Hint): void {
  tx.after.hints.set(hint.id, hint)
}
