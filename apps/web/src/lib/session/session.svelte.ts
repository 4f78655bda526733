import { createContext } from 'svelte'
import type { PersonRow, SettingsRow } from '@veche/shared/rows/rows'
import type { Api } from '#lib/api/client.ts'
import { AppError, appError } from '#lib/api/error.ts'
import { isWipeDue, type Me, readMe, requestWipe, watchOtherTabs, wipeBrowserData, writeMe } from './browser-data.ts'

/**
 * starting: not known yet · in: signed in · ending: the data of the session is being wiped, then the page loads again · out: signed
 * out · unreachable: nobody was signed in here before, and the server does not answer
 */
export type SessionState = 'starting' | 'in' | 'ending' | 'out' | 'unreachable'

/** The session of this browser. It opens with the person who was signed in last, so the app works offline, and asks the server at once. */
export class Session {
  state = $state<SessionState>('starting')
  me = $state.raw<Me | null>(null)
  #api: Api
  #closers = new Set<() => void | Promise<void>>()
  #isSigningOut = false

  constructor(api: (onSignedOut: () => void) => Api) {
    this.#api = api(() => void this.end())
  }

  get api(): Api {
    return this.#api
  }

  async start() {
    if (isWipeDue()) await wipeBrowserData()
    const me = readMe()
    if (me) this.#take(me)
    watchOtherTabs((me) => (me ? this.#takeFromOtherTab(me) : this.end()))
    await this.check()
  }

  async check() {
    try {
      const me = await this.#api.auth.me.query()
      await (me ? this.enter(me) : this.end())
    } catch (thrown) {
      if (!this.me && appError(thrown).code !== 'auth.required') this.state = 'unreachable'
    }
  }

  /** Signs in, signs up or opens a link by `act`, and enters as the person whom the server answers. */
  async open(act: () => Promise<Me>): Promise<Me> {
    const me = await act()
    // A browser says nowhere that it has refused a cookie.
    const kept = await this.#api.auth.me.query().catch(() => me)
    if (!kept) throw new AppError('browser.no_cookie')
    await this.enter(me)
    return me
  }

  /** If another person was signed in here before, their data is wiped first. */
  async enter(me: Me) {
    if (this.state === 'ending') return
    const before = readMe()
    if (before && before.user.id !== me.user.id) {
      await this.#close()
      await wipeBrowserData()
      writeMe(me)
      location.reload()
      return
    }
    this.#take(me)
    writeMe(me)
  }

  /** Takes newer rows of mine, from an answer or from the live stream. */
  merge(rows: { user?: PersonRow; settings?: SettingsRow }) {
    if (!this.me) return
    const user = rows.user && rows.user.id === this.me.user.id && rows.user.rev > this.me.user.rev ? rows.user : null
    const settings = rows.settings && rows.settings.rev > this.me.settings.rev ? rows.settings : null
    if (!user && !settings) return
    this.me = { ...this.me, ...(user ? { user } : {}), ...(settings ? { settings } : {}) }
    writeMe(this.me)
  }

  /** Throws when the server cannot be reached: the session would go on there, so nothing is wiped here. */
  async signOut() {
    // The live stream may tell that the session is over before the answer does.
    this.#isSigningOut = true
    try {
      await this.#api.auth.signOut.mutate()
    } catch (thrown) {
      if (appError(thrown).code !== 'auth.required') {
        this.#isSigningOut = false
        throw thrown
      }
    }
    await this.end()
  }

  /** The session is over: wipes its data. If it was ended elsewhere, messages that were never sent stay. */
  async end() {
    if (this.state === 'ending') return
    const wasSignedIn = this.me !== null
    this.state = wasSignedIn ? 'ending' : 'out'
    this.me = null
    if (!wasSignedIn) return
    requestWipe({ keepUnsent: !this.#isSigningOut })
    await this.#close()
    await wipeBrowserData()
    location.assign('/signin')
  }

  /** Registers what has to close before the data is wiped: sockets, the database. Returns a function that unregisters it. */
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
