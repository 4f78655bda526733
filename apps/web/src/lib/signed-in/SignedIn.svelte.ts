import { createContext } from 'svelte'
import type { Session } from '#lib/session/session.svelte.ts'
import type { SignedInApp } from './SignedInApp.svelte.ts'

type OpenApp = (session: Session) => SignedInApp

/**
 * Keeps the app of the person who is signed in on this tab. It belongs to the root layout, so no navigation ends it; the session begins
 * and ends it. Its code is loaded once somebody with an account is signed in.
 */
export class SignedIn {
  app = $state.raw<SignedInApp | null>(null)
  /** The code of the app could not be loaded. */
  failed = $state(false)
  readonly #session: Session
  readonly #load: () => Promise<OpenApp>
  /** Rises with each attempt to open and with each end: what was loaded for an earlier session opens nothing. */
  #attempt = 0

  constructor(session: Session, load: () => Promise<OpenApp>) {
    this.#session = session
    this.#load = load
  }

  /** Follows the session. Returns a function that stops it and ends the app. */
  start(): () => void {
    const stop = this.#session.follow({ open: () => void this.open(), close: () => this.#end() })
    return () => {
      stop()
      void this.#end()
    }
  }

  /** Also tries again after a failure. */
  async open(): Promise<void> {
    if (this.app || !this.#session.hasAccount) return
    const attempt = (this.#attempt += 1)
    this.failed = false
    try {
      const openApp = await this.#load()
      if (attempt === this.#attempt) this.app = openApp(this.#session)
    } catch (error) {
      if (attempt !== this.#attempt) return
      this.failed = true
      console.error(error)
    }
  }

  async #end(): Promise<void> {
    this.#attempt += 1
    const { app } = this
    this.app = null
    this.failed = false
    await app?.end()
  }
}

export const [getSignedIn, setSignedIn] = createContext<SignedIn>()
