import { nothing } from '@veche/shared/schemas/fields'
import * as schemas from '@veche/shared/schemas/sync'
import type { ScopeAnswer } from '@veche/shared/live'
import type { Ctx } from '../ctx.ts'
import { router, signedIn } from '../trpc.ts'
import { liveFrames } from './live.ts'
import { countRows, syncChats, syncScope, syncState } from './state.ts'

/** The one subscription. It takes no input, so that a reconnect cannot bring an old one back. */
export const live = signedIn('read')
  .input(nothing)
  .subscription(({ ctx, signal }) => liveFrames(ctx, signal))

export const syncRouter = router({
  // A mutation only by its verb: the list of what is held is too long for an address.
  state: signedIn('sync')
    .input(schemas.state)
    .mutation(async ({ ctx, input, signal }) => {
      await ctx.limits.takeSyncedNames(ctx.actor.userId, input.scopes.length)
      return counted(ctx, await syncState(ctx, input, signal), ({ scopes }) => scopes)
    }),
  scope: signedIn('sync')
    .input(schemas.scope)
    .query(async ({ ctx, input }) => counted(ctx, await syncScope(ctx, input), (answer) => [answer])),
  chats: signedIn('sync')
    .input(schemas.chats)
    .query(async ({ ctx, input, signal }) => counted(ctx, await syncChats(ctx, input, signal), ({ chats }) => chats)),
})

/** What a device fetches is limited by its size: the next request may have to wait, and is told how long. */
async function counted<T>(ctx: Ctx, answer: T, scopesOf: (answer: T) => ScopeAnswer[]): Promise<T> {
  const rows = scopesOf(answer).reduce((sum, scope) => sum + countRows(scope), 0)
  await ctx.limits.countSyncedRows(ctx.actor.userId, rows)
  return answer
}
