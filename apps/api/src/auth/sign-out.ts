import type { SessionId } from '@veche/shared/ids'
import type { Ctx } from '../ctx.ts'
import { lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { endSessions, type Ending } from './sessions.ts'

type Nothing = Record<string, never>

export async function signOut(ctx: Ctx): Promise<Nothing> {
  await end(ctx, { only: ctx.actor.sessionId })
  ctx.connection.clearCookie()
  return {}
}

/** A session that is over, unknown or another person's: the answer is the same, and nothing of theirs changes. */
export async function signOutSession(ctx: Ctx, { sessionId }: { sessionId: SessionId }): Promise<Nothing> {
  if (sessionId === ctx.actor.sessionId) return signOut(ctx)
  await end(ctx, { only: sessionId })
  return {}
}

export async function signOutOthers(ctx: Ctx): Promise<Nothing> {
  await end(ctx, { except: ctx.actor.sessionId })
  return {}
}

function end(ctx: Ctx, which: Ending): Promise<void> {
  return inTransaction(ctx, async (tx) => {
    await lockScopes(tx, [{ kind: 'user', id: ctx.actor.userId }])
    await endSessions(tx, ctx.actor.userId, which)
  })
}
