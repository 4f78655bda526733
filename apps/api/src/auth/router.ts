import * as schemas from '@veche/shared/schemas/auth'
import { nothing } from '@veche/shared/schemas/fields'
import { must } from '../errors.ts'
import { keepsSignIn } from '../env.ts'
import { open, router, signedIn } from '../trpc.ts'
import { seeInvite, signUp } from './invites.ts'
import { me } from './me.ts'
import { changePassword } from './password-change.ts'
import { requestReset, reset } from './reset.ts'
import { recover, seeLink, setUp } from './set-up.ts'
import { signIn } from './sign-in.ts'
import { signOut, signOutOthers, signOutSession } from './sign-out.ts'

/** A browser drops the cookie on plain http elsewhere than on localhost: said before anything is done, not found out after. */
const entering = open('open').use(({ ctx, next }) => {
  must(keepsSignIn(ctx.env), 'auth.https_required')
  return next()
})

export const authRouter = router({
  me: open('read')
    .input(nothing)
    .query(({ ctx }) => me(ctx)),
  signIn: entering.input(schemas.signIn).mutation(({ ctx, input }) => signIn(ctx, input)),
  signOut: signedIn('change')
    .input(nothing)
    .mutation(({ ctx }) => signOut(ctx)),
  invite: open('open')
    .input(schemas.byToken)
    .query(({ ctx, input }) => seeInvite(ctx, input)),
  signUp: entering.input(schemas.signUp).mutation(({ ctx, input }) => signUp(ctx, input)),
  setupLink: open('open')
    .input(schemas.byToken)
    .query(({ ctx, input }) => seeLink(ctx, input)),
  setUp: entering.input(schemas.setUp).mutation(({ ctx, input }) => setUp(ctx, input)),
  recover: entering.input(schemas.recover).mutation(({ ctx, input }) => recover(ctx, input)),
  requestReset: open('open')
    .input(schemas.requestReset)
    .mutation(({ ctx, input }) => requestReset(ctx, input)),
  reset: entering.input(schemas.reset).mutation(({ ctx, input }) => reset(ctx, input)),
  changePassword: signedIn('change')
    .input(schemas.changePassword)
    .mutation(({ ctx, input }) => changePassword(ctx, input)),
  signOutSession: signedIn('change')
    .input(schemas.signOutSession)
    .mutation(({ ctx, input }) => signOutSession(ctx, input)),
  signOutOthers: signedIn('change')
    .input(nothing)
    .mutation(({ ctx }) => signOutOthers(ctx)),
})
