import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { postgresCode } from './db.ts'

const deadlock = '40P01'
const maxTries = 3

/** `fn` gets the same context on a transaction; hints and nudges leave after the commit. A deadlock is tried again. */
export async function inTransaction<C extends Deps, T>(ctx: C, fn: (tx: Tx<C>) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await runOnce(ctx, fn)
    } catch (error) {
      if (postgresCode(error) !== deadlock || tries === maxTries) throw error
    }
  }
}

async function runOnce<C extends Deps, T>(ctx: C, fn: (tx: Tx<C>) => Promise<T>): Promise<T> {
  const after: Tx['after'] = { hints: new Map(), locked: new Set(), sessions: [], nudges: [] }
  const result = await ctx.db.transaction().execute((db) => fn({ ...ctx, db, after }))
  if (after.hints.size > 0) ctx.hints.tell({ hints: [...after.hints.values()] })
  for (const session of after.sessions) ctx.hints.tell({ session })
  for (const nudge of after.nudges) nudge()
  return result
}
