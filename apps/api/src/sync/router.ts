import * as schemas from '@veche/shared/schemas/sync'
import { router, signedIn } from '../trpc.ts'
import { syncChats, syncScope, syncState } from './state.ts'

export const syncRouter = router({
  // A mutation only by its verb: the list of what is held is too long for an address.
  state: signedIn('read')
    .input(schemas.state)
    .mutation(({ ctx, input }) => syncState(ctx, input)),
  scope: signedIn('read')
    .input(schemas.scope)
    .query(({ ctx, input }) => syncScope(ctx, input)),
  chats: signedIn('read')
    .input(schemas.chats)
    .query(({ ctx, input }) => syncChats(ctx, input)),
})
