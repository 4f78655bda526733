import type { Deps } from '../deps.ts'
import type { Tx } from '../ctx.ts'

const deadlock = '40P01'

/** `fn` gets the same context on a transaction; hints and nudges leave after the commit. A deadlock is tried again. */
export async function inTransaction<C extends Deps, T>(ctx: C, fn: (tx: Tx<C>) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(ctx, fn)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code !== deadlock || attempt === 3) throw error
    }
  }
}

async function once<C extends Deps, T>(ctx: C, fn: (tx: Tx<C>) => Promise<T>): Promise<T> {
  const after: Tx['after'] = { hints: new Map(), sessions: [], nudges: [] }
  const result = await ctx.db.transaction().execute((db) => fn({ ...ctx, db, after }))
  if (after.hints.size > 0) ctx.hints.tell({ hints: [...after.hints.values()] })
  for (const session of after.sessions) ctx.hints.tell({ session })
  for (const nudge of after.nudges) nudge()
  return result
}
