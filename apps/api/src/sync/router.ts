import * as schemas from '@veche/shared/schemas/sync'
import { router, signedIn } from '../trpc.ts'
import { syncDialogs, syncScope, syncState } from './state.ts'

export const syncRouter = router({
  // A mutation only by its verb: the list of what is held is too long for an address.
  state: signedIn('read')
    .input(schemas.state)
    .mutation(({ ctx, input }) => syncState(ctx, input)),
  scope: signedIn('read')
    .input(schemas.scope)
    .query(({ ctx, input }) => syncScope(ctx, input)),
  dialogs: signedIn('read')
    .input(schemas.dialogs)
    .query(({ ctx, input }) => syncDialogs(ctx, input)),
})
