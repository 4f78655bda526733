import type { Component } from 'svelte'
import type { ReasonToStay } from '#lib/session/reason-to-stay.ts'
import type { SignedInApp } from './SignedInApp.svelte.ts'

/**
 * What a feature adds while somebody is signed in, such as a call, a ring or an upload: what must survive navigation, and what it adds to
 * lower features. The list of them is `frame/app/features.ts`.
 */
export type Feature = {
  /** Called once for each sign-in, before any screen is shown. Lower features are ready; this one registers there what it adds. */
  start: (app: SignedInApp) => StartedFeature
}

export type StartedFeature = {
  /** Gives its state to the screens by `createContext`. Called while the component that is around them is set up. */
  provide?: () => void
  /** A bar above every page. */
  bar?: FeatureBar
  /** Called once where `$effect` may be used, for what follows the state of the app. */
  follow?: () => void
  /** Why the person may not want to sign out now. */
  reasonToStay?: ReasonToStay
  /** The session ends, and its data is wiped afterwards: closes what is open. */
  end?: () => void | Promise<void>
}

export type FeatureBar = {
  /** Reactive. */
  isShown: () => boolean
  component: () => Promise<Component<{ path: string }>>
}
