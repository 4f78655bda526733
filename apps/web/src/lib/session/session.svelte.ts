import { createContext } from 'svelte'
import type { PersonRow, SettingsRow } from '@veche/shared/rows/rows'
import type { Api } from '#lib/api/client.ts'
import { appError } from '#lib/api/error.ts'
import { forget, isWiping, type Me, recall, remember, watchOtherTabs, wipe } from './memory.ts'

/**
 * starting: not known yet · in · ending: what it left here is being wiped, then the page opens anew · out · unreachable: nobody
 * remembered here, and the server does not answer
 */
export type SessionState = 'starting' | 'in' | 'ending' | 'out' | 'unreachable'

/** Who uses this browser. It opens with whom it remembers, so that the app works offline, and asks the server at once. */
export class Session {
  state = $state<SessionState>('starting')
  me = $state.raw<Me | null>(null)
  #api: Api
  #closers = new Set<() => void | Promise<void>>()
  #onPurpose = false

  constructor(api: (onSignedOut: () => void) => Api) {
    this.#api = api(() => void this.ended())
  }

  get api(): Api {
    return this.#api
  }

  async start() {
    if (isWiping()) await wipe()
    const remembered = recall()
    if (remembered) this.#take(remembered)
    watchOtherTabs((me) => (me ? this.#takeFromOtherTab(me) : this.ended()))
    await this.check()
  }

  async check() {
    try {
      const me = await this.#api.auth.me.query()
      await (me ? this.enter(me) : this.ended())
    } catch (thrown) {
      if (!this.me && appError(thrown).code !== 'auth.required') this.state = 'unreachable'
    }
  }

  /** After signing in, signing up or answering a link. Nobody finds what another person left in this browser. */
  async enter(me: Me) {
    if (this.state === 'ending') return
    const before = recall()
    if (before && before.user.id !== me.user.id) {
      await this.#close()
      await wipe()
      remember(me)
      location.reload()
      return
    }
    this.#take(me)
    remember(me)
  }

  /** A newer row of mine came, by an answer or by the live stream. */
  merge(rows: { user?: PersonRow; settings?: SettingsRow }) {
    if (!this.me) return
    const user = rows.user && rows.user.id === this.me.user.id && rows.user.rev > this.me.user.rev ? rows.user : null
    const settings = rows.settings && rows.settings.rev > this.me.settings.rev ? rows.settings : null
    if (!user && !settings) return
    this.me = { ...this.me, ...(user ? { user } : {}), ...(settings ? { settings } : {}) }
    remember(this.me)
  }

  /** Throws when the server cannot be told: then the session would live on there, and nothing is wiped here. */
  async signOut() {
    // The live stream may tell of the end before the answer does.
    this.#onPurpose = true
    try {
      await this.#api.auth.signOut.mutate()
    } catch (thrown) {
      if (appError(thrown).code !== 'auth.required') {
        this.#onPurpose = false
        throw thrown
      }
    }
    await this.ended()
  }

  /** The session is over: what it left here goes as well, but for messages that were never sent when it was ended from elsewhere. */
  async ended() {
    if (this.state === 'ending') return
    const signedIn = this.me !== null
    this.state = signedIn ? 'ending' : 'out'
    this.me = null
    if (!signedIn) return
    forget({ keepUnsent: !this.#onPurpose })
    await this.#close()
    await wipe()
    location.assign('/signin')
  }

  /** What holds data of the session open (sockets, the database) closes before it is wiped. */
  onClose(close: () => void | Promise<void>): () => void {
    this.#closers.add(close)
    return () => this.#closers.delete(close)
  }

  #take(me: Me) {
    this.me = me
    this.state = 'in'
  }

  #takeFromOtherTab(me: Me) {
    if (this.state === 'ending') return
    if (this.me && this.me.user.id !== me.user.id) location.reload()
    else this.#take(me)
  }

  async #close() {
    await Promise.allSettled([...this.#closers].map(async (close) => close()))
  }
}

export const [getSession, setSession] = createContext<Session>()
