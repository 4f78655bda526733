import { nothing } from '@veche/shared/schemas/fields'
import * as schemas from '@veche/shared/schemas/sync'
import { router, signedIn } from '../trpc.ts'
import { liveFrames } from './live.ts'
import { syncChats, syncScope, syncState } from './state.ts'

/** The one subscription. It takes no input, so that a reconnect cannot bring an old one back. */
export const live = signedIn('read')
  .input(nothing)
  .subscription(({ ctx, signal }) => liveFrames(ctx, signal))

export const syncRouter = router({
  // A mutation only by its verb: the list of what is held is too long for an address.
  state: signedIn('read')
    .input(schemas.state)
    .mutation(({ ctx, input, signal }) => syncState(ctx, input, signal)),
  scope: signedIn('read')
    .input(schemas.scope)
    .query(({ ctx, input }) => syncScope(ctx, input)),
  chats: signedIn('read')
    .input(schemas.chats)
    .query(({ ctx, input, signal }) => syncChats(ctx, input, signal)),
})
