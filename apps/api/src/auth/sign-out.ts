import type { SessionId } from '@veche/shared/ids'
import type { Ctx } from '../ctx.ts'
import { changeScopes } from '../platform/scopes/changes.ts'
import { userScope } from '../platform/scopes/scope.ts'
import { endSessions, type SessionFilter } from './sessions.ts'

type Nothing = Record<string, never>

export async function signOut(ctx: Ctx): Promise<Nothing> {
  await endMine(ctx, { only: ctx.actor.sessionId })
  ctx.connection.clearCookie()
  return {}
}

/** Sessions that are over, unknown or another person's are answered alike, and nothing changes. */
export async function signOutSession(ctx: Ctx, { sessionId }: { sessionId: SessionId }): Promise<Nothing> {
  if (sessionId === ctx.actor.sessionId) return signOut(ctx)
  await endMine(ctx, { only: sessionId })
  return {}
}

export async function signOutOthers(ctx: Ctx): Promise<Nothing> {
  await endMine(ctx, { except: ctx.actor.sessionId })
  return {}
}

function endMine(ctx: Ctx, which: SessionFilter): Promise<void> {
  const me = ctx.actor.userId
  return changeScopes(ctx, [userScope(me)], (tx) => endSessions(tx, me, which))
}
