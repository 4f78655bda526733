import * as schemas from '@veche/shared/schemas/admin'
import { nothing } from '@veche/shared/schemas/fields'
import { admin, router } from '../trpc.ts'
import { readConnections } from './connections.ts'
import { createInvite, listInvites, revokeInvite } from './invites.ts'
import { readFilesOverview } from './files.ts'
import { discardGivenUpWork, listGivenUpWork, retryGivenUpWork } from './given-up-work.ts'
import { listAccounts, setDisabled, setServerRole } from './people.ts'

export const adminRouter = router({
  people: admin('read')
    .input(schemas.people)
    .query(({ ctx, input }) => listAccounts(ctx, input)),
  setRole: admin('change')
    .input(schemas.setRole)
    .mutation(({ ctx, input }) => setServerRole(ctx, input)),
  setDisabled: admin('change')
    .input(schemas.setDisabled)
    .mutation(({ ctx, input }) => setDisabled(ctx, input)),
  invites: admin('read')
    .input(nothing)
    .query(({ ctx }) => listInvites(ctx)),
  createInvite: admin('change')
    .input(schemas.createInvite)
    .mutation(({ ctx, input }) => createInvite(ctx, input)),
  revokeInvite: admin('change')
    .input(schemas.oneInvite)
    .mutation(({ ctx, input }) => revokeInvite(ctx, input)),
  connections: admin('read')
    .input(nothing)
    .query(({ ctx }) => readConnections(ctx)),
  files: admin('read')
    .input(nothing)
    .query(({ ctx }) => readFilesOverview(ctx)),
  givenUpWork: admin('read')
    .input(nothing)
    .query(({ ctx }) => listGivenUpWork(ctx)),
  retryWork: admin('change')
    .input(schemas.givenUpKey)
    .mutation(({ ctx, input }) => retryGivenUpWork(ctx, input)),
  discardWork: admin('change')
    .input(schemas.givenUpKey)
    .mutation(({ ctx, input }) => discardGivenUpWork(ctx, input)),
})
