import type { Session } from '#lib/session/session.svelte.ts'
import { SignedInApp } from '#lib/signed-in/SignedInApp.svelte.ts'
import { features } from './features.ts'

/** The whole app, for somebody with an account. The root layout loads this file when it is needed, because the sign-in needs none of it. */
export function openApp(session: Session): SignedInApp {
  return new SignedInApp(session, features)
}
