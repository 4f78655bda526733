import * as schemas from '@veche/shared/schemas/admin'
import { nothing } from '@veche/shared/schemas/fields'
import { admin, router } from '../trpc.ts'
import { readConnections } from './connections.ts'
import { createInvite, listInvites, revokeInvite } from './invites.ts'
import { discardMail, listFailedMails, retryMail } from './mails.ts'
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
  failedMails: admin('read')
    .input(nothing)
    .query(({ ctx }) => listFailedMails(ctx)),
  retryMail: admin('change')
    .input(schemas.oneMail)
    .mutation(({ ctx, input }) => retryMail(ctx, input)),
  discardMail: admin('change')
    .input(schemas.oneMail)
    .mutation(({ ctx, input }) => discardMail(ctx, input)),
})
