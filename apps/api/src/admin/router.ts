import * as schemas from '@veche/shared/schemas/admin'
import { nothing } from '@veche/shared/schemas/fields'
import { admin, router } from '../trpc.ts'
import { connections } from './connections.ts'
import { createInvite, invites, revokeInvite } from './invites.ts'
import { discardMail, failedMails, retryMail } from './mails.ts'
import { accounts, setDisabled, setRole } from './people.ts'

export const adminRouter = router({
  people: admin('read')
    .input(schemas.people)
    .query(({ ctx, input }) => accounts(ctx, input)),
  setRole: admin('change')
    .input(schemas.setRole)
    .mutation(({ ctx, input }) => setRole(ctx, input)),
  setDisabled: admin('change')
    .input(schemas.setDisabled)
    .mutation(({ ctx, input }) => setDisabled(ctx, input)),
  invites: admin('read')
    .input(nothing)
    .query(({ ctx }) => invites(ctx)),
  createInvite: admin('change')
    .input(schemas.createInvite)
    .mutation(({ ctx, input }) => createInvite(ctx, input)),
  revokeInvite: admin('change')
    .input(schemas.oneInvite)
    .mutation(({ ctx, input }) => revokeInvite(ctx, input)),
  connections: admin('read')
    .input(nothing)
    .query(({ ctx }) => connections(ctx)),
  failedMails: admin('read')
    .input(nothing)
    .query(({ ctx }) => failedMails(ctx)),
  retryMail: admin('change')
    .input(schemas.oneMail)
    .mutation(({ ctx, input }) => retryMail(ctx, input)),
  discardMail: admin('change')
    .input(schemas.oneMail)
    .mutation(({ ctx, input }) => discardMail(ctx, input)),
})
