import * as schemas from '@veche/shared/schemas/auth'
import { nothing } from '@veche/shared/schemas/fields'
import { must } from '../errors.ts'
import { keepsSignIn } from '../env.ts'
import { guestOrSignedIn, open, router, signedIn } from '../trpc.ts'
import { readInvite, signUp } from './invites.ts'
import { readMe } from './me.ts'
import { changePassword } from './passwords/password-change.ts'
import { requestPasswordReset, resetPassword } from './passwords/password-reset.ts'
import { needsSetup, recoverAccount, readSetupLink, setUpServer } from './setup.ts'
import { signIn } from './sign-in.ts'
import { signOut, signOutOthers, signOutSession } from './sign-out.ts'

/** Browsers drop the cookie on plain http elsewhere than on localhost: the client is told before anything is done. */
const signingIn = open('open').use(({ ctx, next }) => {
  must(keepsSignIn(ctx.env), 'auth.https_required')
  return next()
})

export const authRouter = router({
  me: open('read')
    .input(nothing)
    .query(({ ctx }) => readMe(ctx)),
  signIn: signingIn.input(schemas.signIn).mutation(({ ctx, input }) => signIn(ctx, input)),
  signOut: guestOrSignedIn('change')
    .input(nothing)
    .mutation(({ ctx }) => signOut(ctx)),
  invite: open('open')
    .input(schemas.byToken)
    .query(({ ctx, input }) => readInvite(ctx, input)),
  signUp: signingIn.input(schemas.signUp).mutation(({ ctx, input }) => signUp(ctx, input)),
  needsSetup: open('open')
    .input(nothing)
    .query(({ ctx }) => needsSetup(ctx)),
  setupLink: open('open')
    .input(schemas.byToken)
    .query(({ ctx, input }) => readSetupLink(ctx, input)),
  setUp: signingIn.input(schemas.setUp).mutation(({ ctx, input }) => setUpServer(ctx, input)),
  recover: signingIn.input(schemas.recover).mutation(({ ctx, input }) => recoverAccount(ctx, input)),
  requestReset: open('open')
    .input(schemas.requestReset)
    .mutation(({ ctx, input }) => requestPasswordReset(ctx, input)),
  reset: signingIn.input(schemas.reset).mutation(({ ctx, input }) => resetPassword(ctx, input)),
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
